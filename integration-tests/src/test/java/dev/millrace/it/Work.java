package dev.millrace.it;

/** The simulated work of handlers in tests. Nothing waits for it: it is no synchronisation. */
final class Work {

  private Work() {}

  /** Blocks the calling handler for about this time, as a database would. */
  static void pretend(long millis) throws InterruptedException {
    Thread.sleep(millis);
  }
}
