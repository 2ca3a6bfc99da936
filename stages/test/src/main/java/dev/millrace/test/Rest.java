package dev.millrace.test;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Finds out whether the threads that were started after this object are at rest: each of them waits
 * for something, or has ended.
 */
/*
 * A look reads the states one after the other. Meanwhile a thread that was seen running may wake up one that was seen waiting, and then wait itself. So only several looks in a row that find all threads at rest count. A virtual thread is runnable from the moment in which it is unparked, whether it has a carrier or not. All threads of a run that move elements are virtual.
 */
final class Rest {

  private static final int LOOKS = 3;

  private final long first;

  Rest() {
    this(LiveThreads.nextId());
  }

  /** For the threads with an id of at least {@code first}. */
  Rest(long first) {
    this.first = first;
  }

  /**
   * Waits until the threads are at rest.
   *
   * @throws AssertionError with the stacks of the threads that are not at rest in time
   */
  void await(Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    int looks = 0;
    while (looks < LOOKS) {
      List<Thread> running = running();
      looks = running.isEmpty() ? looks + 1 : 0;
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError(
            "the time cannot move, because a thread runs: "
                + running.stream().map(LiveThreads::describe).toList());
      }
      TimeUnit.MICROSECONDS.sleep(200); // there is nothing to be notified by
    }
  }

  private List<Thread> running() {
    Thread own = Thread.currentThread();
    return LiveThreads.threads()
        .filter(thread -> thread.threadId() >= first && thread != own)
        .filter(thread -> !LeakCheck.isShared(thread.getName()))
        .filter(
            thread ->
                switch (thread.getState()) {
                  case NEW, RUNNABLE, BLOCKED -> true;
                  case WAITING, TIMED_WAITING, TERMINATED -> false;
                })
        .toList();
  }
}
