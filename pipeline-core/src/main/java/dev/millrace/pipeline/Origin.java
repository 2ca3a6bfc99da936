package dev.millrace.pipeline;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * What an element descends from, and the number of claims to it: of elements under way, of stages
 * that hold one, of failures that are handled. It has ended when there is none left.
 *
 * <p>Who holds a claim may make more. So the number never leaves zero again, and a claim that was
 * forgotten can only keep an origin from ending. Safe for use by many threads.
 */
abstract class Origin {

  /** That of elements whose source neither settles them nor has a resource. */
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
      };

  private static final VarHandle CLAIMS;

  static {
    try {
      CLAIMS = MethodHandles.lookup().findVarHandle(Origin.class, "claims", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("unused") // by the handle
  private volatile int claims;

  /** With so many claims. */
  Origin(int claims) {
    this.claims = claims;
  }

  /** Makes more claims. By who has one. */
  void retain(int more) {
    if (more > 0) {
      CLAIMS.getAndAdd(this, more);
    }
  }

  /** Gives claims up. */
  void release(int less) {
    int left = (int) CLAIMS.getAndAdd(this, -less) - less;
    if (left == 0) {
      ended();
    } else if (left < 0) {
      throw new AssertionError("a claim was given up twice");
    }
  }

  /**
   * The origin without the resources in it, with a claim for the caller: for the holder of an
   * element that does not use the element any more, but has not settled it yet. By a holder of a
   * claim.
   */
  Origin withoutResources() {
    retain(1);
    return this;
  }

  /** There is no claim left. Called once. */
  abstract void ended();

  /** The origin of what was made of several elements, whose claims it takes over. */
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
    };
  }
}
