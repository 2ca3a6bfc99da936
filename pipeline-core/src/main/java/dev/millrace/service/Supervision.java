package dev.millrace.service;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.clock.internal.Time;
import dev.millrace.context.Context;
import dev.millrace.errors.Note;
import dev.millrace.errors.NotedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One run of several services. Not thread-safe, except {@code emit}: only the thread that calls
 * {@link #run} uses it.
 */
final class Supervision {

  private final List<Supervised> services = new ArrayList<>();
  private final Channel<Supervised> ends; // room for all services, so that none waits
  private final Consumer<? super ServiceEvent> onEvent;
  private boolean interrupted;

  Supervision(List<Services.Entry> entries, Consumer<? super ServiceEvent> onEvent) {
    this.ends = Channel.buffered(entries.size());
    this.onEvent = onEvent;
    for (Services.Entry entry : entries) {
      services.add(new Supervised(entry, ends, this::emit));
    }
  }

  private void emit(ServiceEvent event) {
    try {
      onEvent.accept(event);
    } catch (RuntimeException e) {
      // A handler of events must not stop the services.
    }
  }

  void run(Context context, Duration stopWithin, Duration leaveAfter)
      throws InterruptedException, ExecutionException {
    Supervised first = null;
    Throwable unstarted = null;
    try {
      for (Supervised service : services) {
        service.start(context.withoutCancel());
      }
      first = awaitFirstEnd(context);
    } catch (InterruptedException e) {
      interrupted = true;
    } catch (Throwable e) { // a thread could not be started
      unstarted = e;
    }
    Throwable reason =
        first != null
            ? new IllegalStateException("service '" + first.name() + "' has ended")
            : context.cause();
    stop(reason, stopWithin, leaveAfter);
    throwOutcome(first, unstarted);
  }

  private @Nullable Supervised awaitFirstEnd(Context context) throws InterruptedException {
    Supervised[] ended = new Supervised[1];
    new Select<Boolean>()
        .onReceive(
            ends,
            service -> {
              ended[0] = service;
              return true;
            })
        .onDone(context, () -> false)
        .biased()
        .select();
    return ended[0];
  }

  /**
   * Stops the services in reverse order, one after the other; after the deadline, all remaining
   * ones at once.
   */
  private void stop(@Nullable Throwable reason, Duration stopWithin, Duration leaveAfter) {
    Throwable cause =
        reason != null ? reason : new InterruptedException("the supervisor was interrupted");
    long deadline = Time.nanoTime() + saturated(stopWithin);
    for (Supervised service : services.reversed()) {
      if (deadline - Time.nanoTime() > 0) {
        service.cancel(cause);
        join(service, deadline);
      }
    }
    services.reversed().forEach(service -> service.interrupt(cause));
    long last = Time.nanoTime() + saturated(leaveAfter);
    for (Supervised service : services.reversed()) {
      join(service, last);
      service.leaveIfAlive();
    }
  }

  /** An interrupt does not shorten the wait; {@code run} reports it at the end. */
  private void join(Supervised service, long deadline) {
    while (true) {
      try {
        service.join(Math.max(0, deadline - Time.nanoTime()));
        return;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }

  private static long saturated(Duration time) {
    long most = Long.MAX_VALUE / 2;
    return time.compareTo(Duration.ofNanos(most)) > 0 ? most : time.toNanos();
  }

  private void throwOutcome(@Nullable Supervised first, @Nullable Throwable unstarted)
      throws InterruptedException, ExecutionException {
    List<Throwable> failures = new ArrayList<>();
    String message = null;
    if (unstarted != null) {
      message = "the services could not be started";
      failures.add(unstarted);
    }
    List<Supervised> order = new ArrayList<>(services.reversed());
    if (first != null) {
      order.remove(first);
      order.addFirst(first); // the first service that ended: its exception is the cause
    }
    for (Supervised service : order) {
      Throwable failure = service.failure();
      if (failure != null) {
        String text = "service '" + service.name() + "' failed";
        failures.add(message == null ? failure : NotedException.of(failure, Note.of(text)));
        message = message == null ? text : message;
      }
    }
    if (message != null) {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      var exception = new ExecutionException(message, failures.removeFirst());
      failures.forEach(exception::addSuppressed);
      throw exception;
    }
    if (interrupted) {
      throw new InterruptedException("interrupted; the services have been stopped");
    }
  }
}
