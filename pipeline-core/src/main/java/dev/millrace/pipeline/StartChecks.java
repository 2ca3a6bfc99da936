package dev.millrace.pipeline;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Lets the stages of a blueprint check the stages above them, before the run starts. */
final class StartChecks {

  /** The stages with a check, by their node. */
  private final IdentityHashMap<Node<?>, StartCheck> checks = new IdentityHashMap<>();

  /** The fan-out that gives its elements to a lane. */
  private final IdentityHashMap<Node<?>, Node<?>> aboveLanes = new IdentityHashMap<>();

  private StartChecks() {}

  /**
   * Runs all checks.
   *
   * @throws IllegalArgumentException if a stage refuses the stages above it
   */
  static void run(Node<?> last) {
    var all = new StartChecks();
    for (Node<?> node : all.nodesFrom(last)) {
      if (node instanceof Node.Sequential<?, ?> stage
          && stage.transform() instanceof StartCheck check) {
        all.checks.put(node, check);
      }
    }
    all.checks.forEach((node, check) -> check.check(node.name(), all.above(node)));
  }

  /** All nodes of the blueprint. */
  private Set<Node<?>> nodesFrom(Node<?> last) {
    Set<Node<?>> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<Node<?>> open = new ArrayDeque<>(List.of(last));
    while (!open.isEmpty()) {
      Node<?> node = open.pop();
      if (seen.add(node)) {
        node.inputs().forEach(open::push);
        if (node instanceof Node.FanOut<?, ?> out) {
          for (Node.Branch<?, ?> branch : out.branches()) {
            aboveLanes.put(branch.lane(), out.input());
            open.push(branch.output());
          }
        }
      }
    }
    return seen;
  }

  private List<StartCheck.Above> above(Node<?> stage) {
    List<StartCheck.Above> found = new ArrayList<>();
    Set<Node<?>> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<Node<?>> open = new ArrayDeque<>(List.of(stage));
    while (!open.isEmpty()) {
      Node<?> node = open.pop();
      if (!seen.add(node)) {
        continue;
      }
      switch (node) {
        case Node.From<?> from ->
            found.add(new StartCheck.Source(from.name(), settlement(from.source())));
        case Node.Sequential<?, ?> one when one.transform() instanceof Overlapping ->
            found.add(new StartCheck.Overlap(one.name()));
        case Node.Timed<?, ?> one when one.transform() instanceof Overlapping ->
            found.add(new StartCheck.Overlap(one.name()));
        case Node.FanOut<?, ?> out -> out.branches().forEach(branch -> open.push(branch.output()));
        default -> {}
      }
      node.inputs().forEach(open::push);
      Node<?> aboveLane = aboveLanes.get(node);
      if (aboveLane != null) {
        open.push(aboveLane);
      }
    }
    return found;
  }

  private static @Nullable Settlement<?> settlement(Source<?> source) {
    return source instanceof SettlingSource<?>(_, Settlement<?> settlement) ? settlement : null;
  }
}
