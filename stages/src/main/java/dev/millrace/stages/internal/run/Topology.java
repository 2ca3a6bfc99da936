package dev.millrace.stages.internal.run;

import dev.millrace.pipeline.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The stages that take the elements of a stage, by its name. Immutable and thread-safe.
 *
 * <p>A <em>group</em> is a stage with the sequential stages behind it: one thread runs all of them,
 * in one call for each element.
 */
final class Topology {

  /** The name of the sink in reports. */
  private static final String SINK = "sink";

  private final Map<String, List<String>> takers = new HashMap<>();
  private final Map<String, Node<?>> nodes = new HashMap<>();

  /** The stages that take their elements in the call of the stage before. */
  private final Set<String> direct = new HashSet<>(Set.of(SINK));

  private record Step(Node<?> node, List<String> takers) {}

  Topology(Node<?> last) {
    Deque<Step> open = new ArrayDeque<>(List.of(new Step(last, List.of(SINK))));
    for (Step step; (step = open.poll()) != null; ) {
      Node<?> node = step.node;
      nodes.put(node.name(), node);
      takers.computeIfAbsent(node.name(), name -> new ArrayList<>()).addAll(step.takers);
      if (node instanceof Node.FanOut<?, ?> out) {
        for (Node.Branch<?, ?> branch : new LinkedHashSet<>(out.branches())) {
          open.push(new Step(branch.output(), step.takers));
        }
      }
      if (isDirect(node)) {
        direct.add(node.name());
      }
      node.inputs().forEach(input -> open.push(new Step(input, List.of(node.name()))));
    }
  }

  /** Whether it takes its elements neither from a queue nor in threads of its own. */
  private static boolean isDirect(Node<?> node) {
    return !(node instanceof Node.Parallel<?, ?>
        || node instanceof Node.Timed<?, ?>
        || node instanceof Node.Buffer<?>);
  }

  /** The stages that take the elements of a stage. */
  List<String> takers(String stage) {
    return takers.getOrDefault(stage, List.of());
  }

  /** The stages that take the elements of a stage in its own call. */
  List<String> directTakers(String stage) {
    return takers(stage).stream().filter(direct::contains).toList();
  }

  boolean isParallel(String stage) {
    return nodes.get(stage) instanceof Node.Parallel<?, ?>;
  }

  boolean isFanOut(String stage) {
    return nodes.get(stage) instanceof Node.FanOut<?, ?>;
  }

  /**
   * The first group behind a stage that runs functions: buffers and merges only pass elements on.
   * Empty if the stage has several takers.
   */
  List<String> groupBehind(String stage) {
    List<String> group = new ArrayList<>();
    String each = stage;
    while (takers(each).size() == 1) {
      each = takers(each).getFirst();
      Node<?> node = nodes.get(each);
      if (!group.isEmpty() && node != null && !(node instanceof Node.Sequential<?, ?>)) {
        break;
      }
      if (node instanceof Node.Parallel<?, ?> || node instanceof Node.FanOut<?, ?>) {
        return List.of(each);
      }
      if (!passesOn(node)) {
        group.add(each);
      }
    }
    return group;
  }

  private static boolean passesOn(@Nullable Node<?> node) {
    return node instanceof Node.Buffer<?>
        || node instanceof Node.Merge<?>
        || node instanceof Node.Concat<?>
        || node instanceof Node.Lane<?>;
  }
}
