package dev.millrace.benchmarks.kafka;

import org.jspecify.annotations.Nullable;

/** The threads of arms. */
final class Threads {

  private Threads() {}

  /** Waits until the thread has ended. */
  static void join(@Nullable Thread thread) {
    if (thread == null) {
      return;
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
