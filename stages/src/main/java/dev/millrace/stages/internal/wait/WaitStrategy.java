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
   * Returns when it is worth going on, or when it is time to park; the thread then looks again. By
   * the waiting thread.
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
