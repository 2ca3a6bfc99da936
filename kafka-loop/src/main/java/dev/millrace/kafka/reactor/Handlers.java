package dev.millrace.kafka.reactor;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.internal.Attempt;
import dev.millrace.kafka.internal.Handling;
import dev.millrace.kafka.internal.Handling.Outcome;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.util.context.Context;

/**
 * Starts handlers, not more than {@code concurrency} that run, and hears of their ends.
 *
 * <p>{@link #startAll} and {@link #await} are for the loop's thread. That deserializes, calls the
 * application's function and subscribes to what that returns: so one that is done at once costs no
 * change of threads, and one that blocks there blocks none of Reactor's. Attempts after the first,
 * and what may wait for the dead letters, have virtual threads of their own.
 */
final class Handlers<K, V> {

  private static final Logger LOG = LoggerFactory.getLogger(Handlers.class);

  /** After so many starts the loop's thread looks at what else there is to do. */
  private static final int TURN = 64;

  private final TaskGroup group;
  private final int concurrency;
  private final Supply<K, V> supply;
  private final Handling<K, V> handling;
  private final @Nullable ReactiveHandler<K, V> handler;
  private final Bell bell;
  private final Queue<Attempt<K, V>> retries = new ConcurrentLinkedQueue<>();
  private final Queue<Failed<K, V>> failed = new ConcurrentLinkedQueue<>();
  private final Set<Call> calls = ConcurrentHashMap.newKeySet();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  /** An attempt that has failed, until somebody sees to it. */
  private record Failed<K, V>(Attempt<K, V> attempt, Throwable cause) {}

  /**
   * Handlers that are not started.
   *
   * @param handling of attempts that have a thread
   * @param handler of those that have none; null if they all have one
   */
  Handlers(
      TaskGroup group,
      int concurrency,
      Supply<K, V> supply,
      Handling<K, V> handling,
      @Nullable ReactiveHandler<K, V> handler,
      Bell bell) {
    this.group = group;
    this.concurrency = concurrency;
    this.supply = supply;
    this.handling = handling;
    this.handler = handler;
    this.bell = bell;
  }

  /** Why the loop must stop; null if it must not. */
  @Nullable Throwable failure() {
    return failure.get();
  }

  /** Starts what can be started now; whether there may be more. */
  boolean startAll() throws InterruptedException {
    seeToTheFailed();
    for (int i = 0; i < TURN; i++) {
      if (running.get() >= concurrency) {
        supply.gather();
        return false;
      }
      Attempt<K, V> attempt = next();
      if (attempt == null) {
        return false;
      }
      start(attempt);
    }
    return true;
  }

  private @Nullable Attempt<K, V> next() {
    Attempt<K, V> retry = retries.poll();
    if (retry != null) {
      return retry;
    }
    return supply.next();
  }

  private void start(Attempt<K, V> given) throws InterruptedException {
    Attempt<K, V> attempt = given.begin();
    if (attempt.messages().isEmpty()) {
      return;
    }
    running.incrementAndGet();
    if (handler != null && attempt.number() == 1 && attempt.letter() == null) {
      subscribe(attempt, handler);
    } else {
      fork(attempt, () -> handling.run(attempt));
    }
  }

  private void subscribe(Attempt<K, V> attempt, ReactiveHandler<K, V> handler)
      throws InterruptedException {
    List<ConsumerRecord<K, V>> records;
    try {
      records = attempt.records();
    } catch (Throwable e) {
      fork(attempt, () -> handling.failed(attempt, DeadLetter.DESERIALIZE, e));
      return;
    }
    var call = new Call(attempt, handler.context());
    calls.add(call);
    try {
      Publisher<?> publisher = handler.publisher(records);
      Flux.<Object>from(publisher).subscribe(call);
    } catch (Throwable e) {
      call.threw(e);
    }
  }

  /** The subscription to what the application's function has returned; ends once. */
  private final class Call extends BaseSubscriber<Object> {
    private final Attempt<K, V> attempt;
    private final Context context;

    private Call(Attempt<K, V> attempt, Context context) {
      this.attempt = attempt;
      this.context = context;
    }

    @Override
    public Context currentContext() {
      return context;
    }

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    protected void hookOnComplete() {
      calls.remove(this);
      try {
        handling.handled(attempt);
      } catch (Throwable e) { // of an observer
        stop(attempt, e);
      }
      ended(attempt);
    }

    @Override
    protected void hookOnError(Throwable e) {
      calls.remove(this);
      failed.add(new Failed<>(attempt, e)); // this may be a thread of Reactor
      bell.ring();
    }

    @Override
    protected void hookOnCancel() {
      calls.remove(this);
      ended(attempt);
    }

    /** Nothing was returned, or it could not be subscribed to. */
    private void threw(Throwable e) {
      onError(e);
    }
  }

  private void seeToTheFailed() throws InterruptedException {
    for (Failed<K, V> one; (one = failed.poll()) != null; ) {
      Attempt<K, V> attempt = one.attempt();
      Throwable cause = one.cause();
      fork(attempt, () -> handling.failed(attempt, DeadLetter.HANDLE, cause));
    }
  }

  private void fork(Attempt<K, V> attempt, Supplier<Outcome<K, V>> step)
      throws InterruptedException {
    var task =
        group.fork(
            () -> {
              run(attempt, step);
              return null;
            });
    if (task.state() == Task.State.CANCELLED) {
      ended(attempt);
    }
  }

  private void run(Attempt<K, V> attempt, Supplier<Outcome<K, V>> step)
      throws InterruptedException {
    Outcome<K, V> outcome;
    try {
      outcome = step.get();
    } catch (Throwable e) { // of the application's predicate, backoff or listener
      outcome = new Handling.Stop<>(e);
    }
    if (outcome instanceof Handling.Stop<K, V>(Throwable cause)) {
      stop(attempt, cause);
    }
    ended(attempt);
    outcome.release();
    if (outcome instanceof Handling.Again<K, V> again) {
      Thread.sleep(again.delay());
      retries.add(again.next());
      bell.ring();
    }
  }

  private void stop(Attempt<K, V> attempt, Throwable cause) {
    attempt.blame(cause);
    failure.compareAndSet(null, cause);
  }

  private void ended(Attempt<K, V> attempt) {
    attempt.abandon();
    running.decrementAndGet();
    bell.ring();
  }

  /** Waits until none runs, {@code timeout} at the most, and not if they are cancelled. */
  void await(Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      bell.reset();
      seeToTheFailed();
      if (running.get() == 0) {
        return;
      }
      if (group.context().isCancelled() || deadline - System.nanoTime() <= 0) {
        LOG.warn("{} handlers are cancelled; their records come again", running.get());
        return;
      }
      bell.awaitUntil(deadline);
    }
  }

  /** Cancels what has no thread; the group cancels the rest. */
  void cancel() {
    calls.forEach(Call::cancel);
    for (Failed<K, V> one; (one = failed.poll()) != null; ) {
      ended(one.attempt());
    }
  }
}
