package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Mapping;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Decides whether a pipeline must be {@linkplain Lift lifted} so that resources stay open as long
 * as elements depend on them.
 *
 * <p>This is not needed if elements leave the run in the call that emits them: then no element of a
 * source is left when the source ends. An engine runs concatenations, and sequential stages that
 * keep no element, in the thread of the source. So tracking is needed if other stages follow.
 */
final class Tracking {

  /**
   * Engines bound the nesting of calls. So they may run more sequential stages than this in several
   * threads.
   */
  private static final int IN_ONE_CALL = 64;

  /**
   * A node, and the number of sequential stages between it and the sink; {@link Integer#MAX_VALUE}
   * if elements may wait on the way.
   */
  private record Place(Node<?> node, int behind) {
    boolean isDirect() {
      return behind <= IN_ONE_CALL;
    }

    Place above(Node<?> input, boolean isDirect) {
      return new Place(input, isDirect && isDirect() ? behind + 1 : Integer.MAX_VALUE);
    }
  }

  private Tracking() {}

  /** Whether elements may outlive the call in which their resource ends. */
  static boolean isNeeded(Node<?> last) {
    Deque<Place> open = new ArrayDeque<>(List.of(new Place(last, 0)));
    Set<Node<?>> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    while (!open.isEmpty()) {
      Place place = open.pop();
      if (seen.add(place.node())) {
        if (!place.isDirect() && mayHaveResource(place.node())) {
          return true;
        }
        boolean isDirect = passesOn(place.node());
        place.node().inputs().forEach(input -> open.push(place.above(input, isDirect)));
        if (place.node() instanceof Node.FanOut<?, ?> out) {
          out.branches().forEach(branch -> open.push(place.above(branch.output(), false)));
        }
      }
    }
    return false;
  }

  /** Whether a node passes on, or drops, each element before its call returns. */
  private static boolean passesOn(Node<?> node) {
    return node instanceof Node.Concat<?>
        || (node instanceof Node.Sequential<?, ?> sequential && keepsNothing(sequential));
  }

  private static boolean keepsNothing(Node.Sequential<?, ?> node) {
    return node.transform() instanceof Mapping.Maker<?, ?>
        || node.transform() instanceof FlatMap<?, ?>
        || node.transform() instanceof Transforms.Passing<?>;
  }

  /** Whether elements may depend on a resource that this node closes. */
  private static boolean mayHaveResource(Node<?> node) {
    return switch (node) {
      case Node.From<?> from -> !(from.source() instanceof IndependentSource<?>);
      case Node.Sequential<?, ?> sequential -> !Transforms.isOurs(sequential.transform());
      default -> false;
    };
  }
}
