package dev.millrace.stages.internal.reactor;

/** How many elements Reactor's operators take before they are asked for them. */
final class Prefetch {

  /**
   * Of each branch of a broadcast or a partition: so its thread and the thread of the fan-out meet
   * less often.
   */
  static final int LANE = 128;

  /** Of each input of a merge, for the same reason. */
  static final int MERGE = 128;

  /** Of each side of a zip. */
  static final int ONE = 1;

  /** Between two threads that run sequential stages, and of all branches of a balance together. */
  static final int CUT = 16;

  /** Of a publisher from outside. */
  static final int PUBLISHER = 16;

  private Prefetch() {}

  /** One more, unless that is too many for Reactor. */
  static int oneMore(int n) {
    return n == Integer.MAX_VALUE ? n : n + 1;
  }
}
