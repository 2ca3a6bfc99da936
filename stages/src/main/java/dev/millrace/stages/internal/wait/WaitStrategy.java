package dev.millrace.stages.internal.wait;

import java.util.function.BooleanSupplier;

/**
 * How a thread spins before it parks: to park, and to be woken by a thread on another processor,
 * takes far longer than most elements.
 */
@FunctionalInterface
public interface WaitStrategy {

  /** Parks at once. */
  WaitStrategy PARK = () -> {};

  /** Lets other threads run once, whatever has happened. */
  WaitStrategy YIELD_ONCE = Thread::yield;

  /**
   * Spins for a while. Afterwards the waiting thread looks at its condition again. Called by the
   * waiting thread.
   */
  void spin();

  /**
   * Lets other threads run twice at the most: more of that was not found to help.
   *
   * @param condition whether it is worth going on
   */
  static WaitStrategy yielding(BooleanSupplier condition) {
    return () -> {
      for (int i = 0; i < 2 && !condition.getAsBoolean(); i++) {
        Thread.yield();
      }
    };
  }
}
