package dev.millrace.channel;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** Threads of a test: started, watched, and joined at its end. */
public final class Threads implements AutoCloseable {

  private final List<Thread> started = new ArrayList<>();

  /** A thread, with its result or exception. */
  public record Running<T>(Thread thread, FutureTask<T> result) {
    /** Waits for the result of the thread; throws the thread's exception. */
    public T get() throws Exception {
      return result.get(50, TimeUnit.SECONDS);
    }
  }

  /** Runs the function in a virtual thread. */
  public <T> Running<T> start(Callable<T> body) {
    var result = new FutureTask<>(body);
    Thread thread = Thread.ofVirtual().start(result);
    started.add(thread);
    return new Running<>(thread, result);
  }

  /** Interrupts the threads that are still alive, and fails if one does not end. */
  @Override
  public void close() throws InterruptedException {
    for (Thread thread : started) {
      thread.interrupt();
    }
    for (Thread thread : started) {
      if (!thread.join(Duration.ofSeconds(50))) {
        throw new AssertionError("thread does not end: " + thread);
      }
    }
  }
}
