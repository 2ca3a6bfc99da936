package dev.millrace.pipeline;

import dev.millrace.pipeline.graph.Node;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks that nodes make a graph that can be run: names are unique, each node but the last is the
 * input of one other, and each branch begins with its own lane and ends where it was built.
 *
 * <p>Without recursion along inputs, so that a pipe may be as long as one likes; only fan-outs
 * nest.
 */
final class Composition {

  /** What reports and failures call the sink of every pipeline. */
  private static final String SINK = "sink";

  private final Set<String> names = new HashSet<>();
  private final Set<Node<?>> seen = Collections.newSetFromMap(new IdentityHashMap<>());

  private Composition() {}

  static void check(Node<?> last) {
    new Composition().check(last, null);
  }

  /** Checks what is above the node, where that lane, and no other, may be met. */
  private void check(Node<?> last, Node.@Nullable Lane<?> lane) {
    Deque<Node<?>> open = new ArrayDeque<>();
    open.push(last);
    while (!open.isEmpty()) {
      Node<?> node = open.pop();
      if (!seen.add(node)) {
        throw new IllegalArgumentException(
            "the pipe after stage '"
                + node.name()
                + "' is continued twice: use broadcast to give its elements to two");
      }
      if (node.name().equals(SINK)) {
        throw new IllegalArgumentException(
            "a stage must not be called 'sink': that is what reports call the end of the pipeline;"
                + " give the stage another name");
      }
      if (!names.add(node.name())) {
        throw new IllegalArgumentException(
            "two stages are called '" + node.name() + "': give each a name of its own");
      }
      if (node instanceof Node.Lane<?> && node != lane) {
        throw new IllegalArgumentException(
            "the pipe '" + node.name() + "' is used outside of the branch that it was given to");
      }
      node.inputs().forEach(open::push);
      if (node instanceof Node.FanOut<?, ?> out) {
        branches(out);
      }
    }
  }

  private void branches(Node.FanOut<?, ?> out) {
    Set<Node.Branch<?, ?>> checked = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Node.Branch<?, ?> branch : out.branches()) {
      if (checked.add(branch)) {
        check(branch.output(), branch.lane());
        if (!seen.contains(branch.lane())) {
          throw new IllegalArgumentException(
              "a branch of '"
                  + out.name()
                  + "' does not use the pipe that it is given, '"
                  + branch.lane().name()
                  + "'");
        }
      }
    }
  }
}
