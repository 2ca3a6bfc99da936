package dev.millrace.stages.internal.run;

/** Waits that an interrupt does not end: the thread's flag is set again when the wait is over. */
public final class Uninterruptibly {

  /** Something that waits, and can be repeated after an interrupt. */
  @FunctionalInterface
  public interface Wait {
    /** Waits. */
    void await() throws InterruptedException;
  }

  private Uninterruptibly() {}

  /** Waits until the wait ends by itself. */
  public static void await(Wait wait) {
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        wait.await();
        ended = true;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
