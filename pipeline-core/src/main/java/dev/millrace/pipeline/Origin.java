package dev.millrace.pipeline;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The source element or resource that an element descends from, with the number of claims to it.
 * Elements under way, stages that hold an element, and failures that wait for their handler have
 * claims. The origin ends when no claim is left.
 *
 * <p>Only the holder of a claim may make more claims. So the number never grows again after it has
 * reached zero. A claim that is never released can only prevent the end of the origin. Thread-safe.
 */
abstract class Origin {

  /** The origin of elements without a settling source or resource. */
  static final Origin NONE =
      new Origin(1) {
        @Override
        void retain(int more) {}

        @Override
        void release(int less) {}

        @Override
        void ended() {}

        @Override
        Origin withoutResources() {
          return this;
        }

        @Override
        void addSources(Set<SourceElement> to) {}
      };

  private static final VarHandle CLAIMS;

  static {
    try {
      CLAIMS = MethodHandles.lookup().findVarHandle(Origin.class, "claims", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("unused") // accessed through CLAIMS
  private volatile int claims;

  /** Creates an origin with {@code claims} claims. */
  Origin(int claims) {
    this.claims = claims;
  }

  /** Makes more claims. The caller must have a claim. */
  void retain(int more) {
    if (more > 0) {
      CLAIMS.getAndAdd(this, more);
    }
  }

  /** Releases claims. The last release ends the origin. */
  void release(int less) {
    int left = (int) CLAIMS.getAndAdd(this, -less) - less;
    if (left == 0) {
      ended();
    } else if (left < 0) {
      throw new AssertionError("a claim was given up twice");
    }
  }

  /**
   * This origin without its resources, with one claim for the caller. For a holder that no longer
   * uses the element, but has not settled it yet. The caller must have a claim to this origin.
   */
  Origin withoutResources() {
    retain(1);
    return this;
  }

  /**
   * The elements of settling sources that it stands for, each once, in the order of the parents.
   * The caller must have a claim to this origin.
   *
   * @throws IllegalStateException if a stage does not know which elements it holds
   */
  final List<SourceElement> sources() {
    return sources(List.of(this));
  }

  /** The {@link #sources} of several origins, each once. */
  static List<SourceElement> sources(List<Origin> origins) {
    Set<SourceElement> all = new LinkedHashSet<>();
    origins.forEach(origin -> origin.addSources(all));
    return List.copyOf(all);
  }

  /** Adds the {@link #sources}. */
  abstract void addSources(Set<SourceElement> to);

  /** Called exactly once, when no claim is left. */
  abstract void ended();

  /**
   * The origin of an element that was made of several elements. It takes over one claim to each
   * parent.
   */
  static Origin merge(List<Origin> parents, int claims) {
    List<Origin> real = parents.stream().filter(parent -> parent != NONE).toList();
    if (real.isEmpty()) {
      return NONE;
    }
    if (real.size() == 1) {
      Origin one = real.getFirst();
      one.retain(claims - 1);
      return one;
    }
    return new Origin(claims) {
      @Override
      void ended() {
        real.forEach(parent -> parent.release(1));
      }

      @Override
      Origin withoutResources() {
        return merge(real.stream().map(Origin::withoutResources).toList(), 1);
      }

      @Override
      void addSources(Set<SourceElement> to) {
        real.forEach(parent -> parent.addSources(to));
      }
    };
  }
}
