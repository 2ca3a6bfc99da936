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
 * <p>Also that it is not too deep: engines nest calls along the graph, when they plan a run and
 * when stages end or fail, and a stack is finite. Sequential stages cost little depth, since
 * engines bound how many of them call each other.
 */
final class Composition {

  /**
   * Greatest depth. Each stage that is not sequential adds 1, and so do each {@value #SEQUENTIAL}
   * sequential stages in a row, begun ones included. Both engines overflow a stack of 1 MB (the
   * default of a thread) beyond some 700 stages, with a debugger or an interpreter earlier.
   */
  static final int DEPTH = 200;

  /** How many sequential stages in a row add 1 to the depth. */
  static final int SEQUENTIAL = 100;

  /** A node, its depth, and how many sequential stages in a row follow it. */
  private record Place(Node<?> node, int depth, int sequential) {
    Place above(Node<?> input) {
      if (!(node instanceof Node.Sequential<?, ?>)) {
        return new Place(input, depth + 1, 0);
      }
      return sequential + 1 == SEQUENTIAL
          ? new Place(input, depth + 1, 0)
          : new Place(input, depth, sequential + 1);
    }
  }

  /** What reports and failures call the sink of every pipeline. */
  private static final String SINK = "sink";

  private final Set<String> names = new HashSet<>();
  private final Set<Node<?>> seen = Collections.newSetFromMap(new IdentityHashMap<>());

  private Composition() {}

  static void check(Node<?> last) {
    new Composition().check(new Place(last, 1, 0), null);
  }

  /** Checks what is above the node, where that lane, and no other, may be met. */
  private void check(Place last, Node.@Nullable Lane<?> lane) {
    Deque<Place> open = new ArrayDeque<>();
    open.push(last);
    while (!open.isEmpty()) {
      Place place = open.pop();
      Node<?> node = place.node();
      if (place.depth() > DEPTH) {
        throw new IllegalArgumentException(
            "the pipeline is too deep at stage '%s': at most %d stages may follow each other, where %d sequential ones count as one. Write a pipeline that is wide instead, such as one merge of many pipes, or run it in parts that a channel connects"
                .formatted(node.name(), DEPTH, SEQUENTIAL));
      }
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
      node.inputs().forEach(input -> open.push(place.above(input)));
      if (node instanceof Node.FanOut<?, ?> out) {
        branches(out, place);
      }
    }
  }

  private void branches(Node.FanOut<?, ?> out, Place place) {
    Set<Node.Branch<?, ?>> checked = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Node.Branch<?, ?> branch : out.branches()) {
      if (checked.add(branch)) {
        check(place.above(branch.output()), branch.lane());
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
