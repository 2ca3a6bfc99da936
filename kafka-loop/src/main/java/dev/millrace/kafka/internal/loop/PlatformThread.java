package dev.millrace.kafka.internal.loop;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Runs a function in a platform thread of its own, while the caller, a virtual thread, waits.
 * Handlers may keep all carriers of virtual threads busy. A loop in a virtual thread would then
 * never run again, so no drain and no failure of a record could end it.
 */
final class PlatformThread {

  private PlatformThread() {}

  /**
   * Calls the function and returns its result. An interrupt of the caller is passed on to the
   * function. This call throws the exceptions of the function.
   */
  static <T extends @Nullable Object> T call(String name, Callable<T> function)
      throws InterruptedException {
    var task = new FutureTask<T>(function);
    Thread thread = Thread.ofPlatform().daemon().name(name).start(task);
    boolean interrupted = false;
    while (true) {
      try {
        T result = task.get();
        if (interrupted) { // the function ended by itself
          Thread.currentThread().interrupt();
        }
        return result;
      } catch (InterruptedException e) {
        interrupted = true;
        thread.interrupt();
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case InterruptedException own -> throw own;
          case RuntimeException own -> throw own;
          case Error own -> throw own;
          case null, default -> throw new AssertionError(e);
        }
      }
    }
  }
}
