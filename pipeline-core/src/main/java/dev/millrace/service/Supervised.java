package dev.millrace.service;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.clock.internal.Time;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.errors.Note;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A service and its thread, from the first start to the last end. The supervisor and the thread use
 * it.
 */
final class Supervised {

  private final Services.Entry entry;
  private final Channel<Supervised> ends;
  private final Consumer<ServiceEvent> events;
  private final Deque<Long> restarts =
      new ArrayDeque<>(); // System.nanoTime; used by its own thread only

  // Written by the supervisor when it starts the thread, and read by the supervisor.
  private @Nullable CancellableContext context;
  private @Nullable Thread thread;

  // Guarded by this. Its own thread sets over, or the supervisor sets left: never both.
  private @Nullable Throwable failure;
  private boolean over;
  private boolean left;

  Supervised(Services.Entry entry, Channel<Supervised> ends, Consumer<ServiceEvent> events) {
    this.entry = entry;
    this.ends = ends;
    this.events = events;
  }

  String name() {
    return entry.name();
  }

  void start(Context parent) {
    CancellableContext own = parent.withCancel();
    context = own;
    Thread unstarted =
        Thread.ofVirtual().name("millrace-service-" + name()).unstarted(() -> supervise(own));
    unstarted.start();
    thread = unstarted;
  }

  private void supervise(CancellableContext own) {
    try {
      Throwable last = null;
      boolean again = true;
      for (long count = 0; again; count++) {
        events.accept(new ServiceEvent.Started(name(), count));
        last = serve(own);
        Duration delay = last == null ? null : restartAfter(own, last);
        again = delay != null && isTimeToStart(own, delay);
        if (delay != null && !again) {
          last = null; // stopped during the delay: the failure was not final
        }
      }
      ended(own, last);
    } finally {
      own.cancel(); // removes it from its parent
      ends.trySend(this);
    }
  }

  /**
   * Runs the service once; returns its exception, or null if it has returned or has obeyed its
   * context.
   */
  private @Nullable Throwable serve(Context own) {
    try {
      own.call(
          () -> {
            entry.service().run(own);
            return true;
          });
      return null;
    } catch (Throwable e) {
      return ServiceProcess.obeys(own, e) ? null : e;
    } finally {
      if (!own.isCancelled()) {
        // Clears an interrupt that the service has left: it is not meant for the next run.
        var _ = Thread.interrupted();
      }
    }
  }

  /** The delay before the next start; null if this failure is final. */
  private @Nullable Duration restartAfter(Context own, Throwable thrown) {
    if (own.isCancelled()) {
      return null;
    }
    Duration delay = thrown instanceof Error ? null : delay();
    events.accept(new ServiceEvent.Failed(name(), thrown, delay));
    return delay;
  }

  /** Waits for the delay; returns false if the service is stopped during the delay. */
  private static boolean isTimeToStart(Context own, Duration delay) {
    try {
      return new Select<Boolean>()
          .onDone(own, () -> false)
          .onTimeout(delay, () -> true)
          .biased()
          .select();
    } catch (InterruptedException e) { // the supervisor interrupts after it has cancelled
      return false;
    }
  }

  /** The delay before the next restart; null if the period has had too many restarts. */
  private @Nullable Duration delay() {
    RestartPolicy policy = entry.restart();
    long now = Time.nanoTime();
    while (!restarts.isEmpty()
        && Duration.ofNanos(now - restarts.getFirst()).compareTo(policy.period()) > 0) {
      restarts.removeFirst();
    }
    if (restarts.size() >= policy.maxRestarts()) {
      return null;
    }
    restarts.addLast(now);
    return policy.backoff().delay(restarts.size(), ThreadLocalRandom.current());
  }

  private void ended(Context own, @Nullable Throwable last) {
    boolean stopped = own.isCancelled();
    synchronized (this) {
      if (left) {
        return; // reported already
      }
      failure = last;
      over = true;
    }
    if (stopped) {
      events.accept(
          last == null
              ? new ServiceEvent.Stopped(name())
              : new ServiceEvent.Failed(name(), last, null));
    } else if (last == null) {
      events.accept(new ServiceEvent.Ended(name()));
    }
  }

  void cancel(Throwable cause) {
    CancellableContext own = context;
    if (own != null) {
      own.cancel(cause);
    }
  }

  /** Cancels and interrupts it. Does nothing if it has ended, or was not started. */
  void interrupt(Throwable cause) {
    cancel(cause);
    Thread running = thread;
    if (running != null) {
      running.interrupt();
    }
  }

  void join(long nanos) throws InterruptedException {
    Thread running = thread;
    if (running != null && nanos > 0) {
      var _ = Time.join(running, Duration.ofNanos(nanos));
    }
  }

  void leaveIfAlive() {
    Thread running = thread;
    if (running == null || !running.isAlive()) {
      return;
    }
    var stubborn =
        new TimeoutException(
            "service '%s' ignores its interrupt, and is left behind".formatted(name()));
    stubborn.addSuppressed(Note.at(running, "where it stands"));
    synchronized (this) {
      if (over) {
        return;
      }
      left = true;
      failure = stubborn;
    }
    events.accept(new ServiceEvent.LeftBehind(name()));
  }

  /** The last exception of the service; null if it has ended regularly. */
  synchronized @Nullable Throwable failure() {
    return failure;
  }

  @Override
  public String toString() {
    return Objects.toString(thread, name());
  }
}
