package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.context.Context;
import dev.millrace.kafka.internal.Attempt;
import dev.millrace.kafka.internal.Delivery;
import dev.millrace.kafka.internal.Handling;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads of a loop's handlers: a virtual one for each attempt, not more than {@code
 * concurrency} that run.
 *
 * <p>One that waits for its next attempt does not count, and hands that back to the loop when it is
 * due. {@link #start} and {@link #await} are for the loop's thread.
 */
final class Handlers<K, V> {

  private static final Logger LOG = LoggerFactory.getLogger(Handlers.class);

  private final TaskGroup group;
  private final int concurrency;
  private final Handling<K, V> handling;
  private final Channel<Attempt<K, V>> retries = Channel.rendezvous();
  private final Channel<Boolean> ends = Channel.conflated();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  Handlers(TaskGroup group, int concurrency, Handling<K, V> handling) {
    this.group = group;
    this.concurrency = concurrency;
    this.handling = handling;
  }

  /** Attempts that are due. */
  ReceiveChannel<Attempt<K, V>> retries() {
    return retries;
  }

  /** Says that a handler has ended since it was last received. */
  ReceiveChannel<Boolean> ends() {
    return ends;
  }

  /** Why the loop must stop; null if it must not. */
  @Nullable Throwable failure() {
    return failure.get();
  }

  boolean mayStart() {
    return running.get() < concurrency;
  }

  void start(Attempt<K, V> given) throws InterruptedException {
    Attempt<K, V> attempt = given.begin();
    if (attempt.messages().isEmpty()) {
      return;
    }
    running.incrementAndGet();
    var task =
        group.fork(
            () -> {
              run(attempt);
              return null;
            });
    if (task.state() == Task.State.CANCELLED) {
      ended(attempt);
    }
  }

  private void run(Attempt<K, V> attempt) throws InterruptedException {
    Handling.Again<K, V> again = null;
    List<Delivery<K, V>> giveBack = List.of();
    try {
      switch (handling.run(attempt)) {
        case Handling.Stop<K, V>(Throwable cause) -> stop(attempt, cause);
        case Handling.Again<K, V> next -> {
          again = next;
          giveBack = next.giveBack();
        }
        case Handling.Done<K, V> done -> giveBack = done.giveBack();
        case Handling.Cancelled<K, V> cancelled -> {}
      }
    } catch (Throwable e) { // of the application's predicate, backoff or listener
      stop(attempt, e);
    } finally {
      ended(attempt);
    }
    giveBack.reversed().forEach(Delivery::giveBack); // the first of them is the next then
    if (again != null) {
      Thread.sleep(again.delay());
      retries.send(again.next(), group.context());
    }
  }

  private void stop(Attempt<K, V> attempt, Throwable cause) {
    cause.addSuppressed(new Site("while handling " + attempt));
    failure.compareAndSet(null, cause);
  }

  private void ended(Attempt<K, V> attempt) {
    attempt.abandon();
    running.decrementAndGet();
    ends.trySend(true);
  }

  /** Waits until none runs, {@code timeout} at the most, and not if they are cancelled. */
  void await(Duration timeout) throws InterruptedException {
    Context context = group.context();
    var select =
        new Select<Boolean>()
            .onReceive(ends, one -> true)
            .onDone(context, () -> false)
            .onDeadline(Instant.now().plus(timeout), () -> false);
    while (running.get() > 0) {
      if (!select.select()) {
        LOG.warn("{} handlers are interrupted; their records come again", running.get());
        return;
      }
    }
  }

  /** Tells, as a suppressed exception, which record it was. */
  private static final class Site extends Exception {
    private static final long serialVersionUID = 1L;

    Site(String message) {
      super(message, null, false, false);
    }
  }
}
