package dev.millrace.it;

/** What handlers of tests seem to do. Nothing waits for it: it is no synchronisation. */
final class Work {

  private Work() {}

  /** Keeps the calling handler busy for about so long, as a database would: it blocks. */
  static void pretend(long millis) throws InterruptedException {
    Thread.sleep(millis);
  }
}
