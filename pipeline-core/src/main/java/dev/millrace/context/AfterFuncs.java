package dev.millrace.context;

import dev.millrace.clock.internal.Time;
import dev.millrace.context.Listener.AfterFunc;
import java.util.ArrayDeque;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Starts the functions that {@link Context#afterFunc} has registered, each in a thread of its own.
 * Thread-safe.
 *
 * <p>A platform thread of the library, the starter, starts the functions. So the canceller pays for
 * one hand-over, for any number of functions. Each function gets a virtual thread. While the
 * carriers are busy, this thread may wait for ever, because the scheduler serves the carriers' own
 * queues first. So the starter checks every {@link #LOOK_MILLIS} ms. If a function has not begun by
 * then, the starter starts a platform thread for it too. The first of the two threads that reaches
 * the function runs it.
 *
 * <p>There are at most {@link #PLATFORM_THREADS} such platform threads. A further function waits
 * until one of them, or a carrier, is free. Alternatives rejected: with platform threads alone, a
 * function that blocks would be too expensive; a cached pool of them would leak the thread-locals
 * of one function to the next.
 */
final class AfterFuncs {

  private static final int LOOK_MILLIS = 10;
  private static final int PLATFORM_THREADS = 64;
  private static final int IDLE_SECONDS = 10;

  /** Created when the first function is started. */
  private static final class Instance {
    static final AfterFuncs STARTER = new AfterFuncs();
  }

  private final ScheduledThreadPoolExecutor starter;
  private final Semaphore platformThreads = new Semaphore(PLATFORM_THREADS);

  // Used by the starter's thread only:
  private final ArrayDeque<AfterFunc> started = new ArrayDeque<>();
  private boolean looks;

  private AfterFuncs() {
    starter = new ScheduledThreadPoolExecutor(1, AfterFuncs::starterThread);
    starter.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
    starter.allowCoreThreadTimeOut(true);
  }

  /** Inherits no thread-locals and no class loader of the thread that cancels first. */
  private static Thread starterThread(Runnable work) {
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name("millrace-after-func-starter")
            .inheritInheritableThreadLocals(false)
            .unstarted(work);
    thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
    return thread;
  }

  /** Starts a linked list of functions, in its order. Does not block. */
  static void start(AfterFunc first) {
    AfterFuncs starter = Instance.STARTER;
    starter.starter.execute(() -> starter.startAll(first));
  }

  private void startAll(AfterFunc first) {
    long now = Time.nanoTime();
    for (AfterFunc function = first; function != null; ) {
      AfterFunc next = (AfterFunc) function.next;
      function.next = null;
      function.startedAt = now;
      // Added before the start: if the start fails, look() starts a platform thread.
      started.add(function);
      startVirtual(function);
      function = next;
    }
    lookLater();
  }

  private static void startVirtual(AfterFunc function) {
    try {
      Thread.ofVirtual().name("millrace-after-func").start(function);
    } catch (OutOfMemoryError e) {
      // look() starts a platform thread for it.
    }
  }

  private void lookLater() {
    if (!looks && !started.isEmpty()) {
      looks = true;
      var _ = starter.schedule(this::look, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void look() {
    looks = false;
    long late = Time.nanoTime() - TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS);
    for (@Nullable AfterFunc oldest; (oldest = started.peek()) != null; ) {
      if (!oldest.hasBegun() && (oldest.startedAt - late > 0 || !startOnPlatform(oldest))) {
        break;
      }
      started.remove();
    }
    lookLater();
  }

  /** Starts a platform thread for the function; false if none is available. */
  private boolean startOnPlatform(AfterFunc function) {
    if (!platformThreads.tryAcquire()) {
      return false;
    }
    try {
      Thread.ofPlatform()
          .daemon()
          .name("millrace-after-func")
          .start(
              () -> {
                try {
                  function.run();
                } finally {
                  platformThreads.release();
                }
              });
      return true;
    } catch (OutOfMemoryError e) {
      platformThreads.release();
      return false;
    }
  }
}
