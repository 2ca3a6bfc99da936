package dev.millrace.context;

import dev.millrace.context.Listener.AfterFunc;
import java.util.ArrayDeque;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Starts the functions that {@link Context#afterFunc} has registered, each in a thread of its own.
 *
 * <p>A platform thread of the library, the starter, does that, so that the canceller pays one
 * hand-over however many functions there are. A function gets a virtual thread. While the carriers
 * are busy that thread may wait for ever, as the scheduler serves the carriers' own queues first.
 * So the starter looks every {@link #LOOK_MILLIS}, and gives a function that has not begun a
 * platform thread instead; the function runs in the first of both threads that comes to it.
 *
 * <p>There are at most {@link #PLATFORM_THREADS} such platform threads: a function that finds none
 * waits until one of them, or a carrier, is free. Platform threads alone would make a function that
 * blocks too dear; a cached pool of them would hand the thread-locals of one function to the next.
 */
final class AfterFuncs {

  private static final int LOOK_MILLIS = 10;
  private static final int PLATFORM_THREADS = 64;
  private static final int IDLE_SECONDS = 10;

  /** Made when the first function is to be started. */
  private static final class Instance {
    static final AfterFuncs STARTER = new AfterFuncs();
  }

  private final ScheduledThreadPoolExecutor starter;
  private final Semaphore platformThreads = new Semaphore(PLATFORM_THREADS);

  // Of the starter's one thread:
  private final ArrayDeque<AfterFunc> started = new ArrayDeque<>();
  private boolean looks;

  private AfterFuncs() {
    starter = new ScheduledThreadPoolExecutor(1, AfterFuncs::starterThread);
    starter.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
    starter.allowCoreThreadTimeOut(true);
  }

  /** Has nothing of the thread that happened to cancel first. */
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

  /** Starts a chain of functions, the first one first. Does not block. */
  static void start(AfterFunc first) {
    AfterFuncs starter = Instance.STARTER;
    starter.starter.execute(() -> starter.startAll(first));
  }

  private void startAll(AfterFunc first) {
    long now = System.nanoTime();
    for (AfterFunc function = first; function != null; ) {
      AfterFunc next = (AfterFunc) function.next;
      function.next = null;
      function.startedAt = now;
      started.add(function); // before it starts: if that fails, a platform thread comes
      startVirtual(function);
      function = next;
    }
    lookLater();
  }

  private static void startVirtual(AfterFunc function) {
    try {
      Thread.ofVirtual().name("millrace-after-func").start(function);
    } catch (OutOfMemoryError e) {
      // The starter looks after it.
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
    long late = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS);
    for (@Nullable AfterFunc oldest; (oldest = started.peek()) != null; ) {
      if (!oldest.hasBegun() && (oldest.startedAt - late > 0 || !startOnPlatform(oldest))) {
        break;
      }
      started.remove();
    }
    lookLater();
  }

  /** Whether there was a thread for it. */
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
