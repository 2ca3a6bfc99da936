package dev.millrace.kafka.reactor;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.handling.Busy;
import dev.millrace.kafka.internal.handling.DueAttempts;
import dev.millrace.kafka.internal.handling.Handling;
import dev.millrace.kafka.internal.handling.Handling.Outcome;
import dev.millrace.kafka.internal.settings.Gate;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.ArrayList;
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
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.util.context.Context;

/**
 * Starts handlers that return publishers, and batches, at most {@code concurrency} at the same
 * time, and observes their ends.
 *
 * <p>The thread of the loop deserializes, calls the application's function, and subscribes to the
 * returned publisher. So a publisher that completes at once costs no change of threads, and a
 * function that blocks does not block a thread of Reactor. While a deserializer is slow, another
 * thread runs the loop. Later attempts, dead letters and serializers run in virtual threads of
 * their own.
 */
final class Handlers<K, V> implements HandlerStarter {

  private static final Logger LOG = LoggerFactory.getLogger(Handlers.class);

  /** The number of starts after which the loop's thread looks for other work. */
  private static final int TURN = 64;

  private final String name;
  private final TaskGroup group;
  private final Gate gate;
  private final Supply<K, V> supply;
  private final Handling<K, V> handling;
  private final @Nullable ReactiveHandler<K, V, ?> handler;
  private final Bell bell;
  private final DueAttempts<K, V> retries;
  private final Queue<Step<K, V>> steps = new ConcurrentLinkedQueue<>();
  private final Set<Call<?>> calls = ConcurrentHashMap.newKeySet();

  /** The threads that call the application's functions. */
  private final Set<Busy<K, V>> busy = ConcurrentHashMap.newKeySet();

  /** The entry of the loop's thread, after its first call of a function. */
  private @Nullable Busy<K, V> caller;

  private final AtomicInteger running = new AtomicInteger();

  /** The number of dead letters being sent; letters that wait for another attempt do not count. */
  private final AtomicInteger burying = new AtomicInteger();

  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();

  /** The next action for an attempt. The action may block, so it waits here for a thread. */
  private record Step<K, V>(Attempt<K, V> attempt, Supplier<Outcome<K, V>> action) {}

  /**
   * Handlers that are not started.
   *
   * @param name the consumer group, for people
   * @param handling handles attempts in threads of their own
   * @param handler handles first attempts in the loop's thread; null if all attempts have threads
   */
  Handlers(
      String name,
      TaskGroup group,
      Gate gate,
      Supply<K, V> supply,
      Handling<K, V> handling,
      @Nullable ReactiveHandler<K, V, ?> handler,
      Bell bell) {
    this.name = name;
    this.group = group;
    this.gate = gate;
    this.retries = new DueAttempts<>(gate);
    gate.onOpen(bell::ring);
    this.supply = supply;
    this.handling = handling;
    this.handler = handler;
    this.bell = bell;
    SchedulerErrors.watch();
  }

  @Override
  public @Nullable Exception failure() {
    return failure.get();
  }

  @Override
  public boolean startAll() throws InterruptedException {
    forkSteps();
    for (int i = 0; i < TURN; i++) {
      if (running.get() >= gate.concurrency()) {
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
      gate.left(given.first(), given.topic());
      return;
    }
    gate.began(given.first(), attempt.first());
    running.incrementAndGet();
    if (handler != null && !attempt.isRetry()) {
      subscribe(attempt, handler);
    } else {
      fork(attempt, () -> handling.run(attempt));
    }
  }

  private <T> void subscribe(Attempt<K, V> attempt, ReactiveHandler<K, V, T> handler)
      throws InterruptedException {
    List<ConsumerRecord<K, V>> records;
    try {
      records = attempt.records();
    } catch (Throwable e) {
      fork(attempt, () -> handling.failed(attempt, DeadLetter.DESERIALIZE, e));
      return;
    }
    var call = new Call<>(attempt, handler);
    calls.add(call);
    Busy<K, V> here = caller();
    here.with(attempt);
    try {
      SchedulerErrors.tell(
          call::thrownByAScheduler,
          () -> Flux.<T>from(handler.publisher(records)).subscribeWith(call));
    } catch (Throwable e) {
      call.threw(e);
    } finally {
      here.with(null);
    }
  }

  private Busy<K, V> caller() {
    Busy<K, V> known = caller;
    if (known != null && known.isOfThisThread()) {
      return known;
    }
    if (known != null) {
      busy.remove(known); // another thread ran the loop before
    }
    var here = new Busy<K, V>();
    busy.add(here);
    caller = here;
    return here;
  }

  /** The subscription to the publisher of the application's function; ends once. */
  private final class Call<T> extends BaseSubscriber<T> {
    private final Attempt<K, V> attempt;
    private final ReactiveHandler<K, V, T> handler;

    /** The values to produce; null before the first one. Signals come one after the other. */
    private @Nullable List<T> emitted;

    private Call(Attempt<K, V> attempt, ReactiveHandler<K, V, T> handler) {
      this.attempt = attempt;
      this.handler = handler;
    }

    @Override
    public Context currentContext() {
      return handler.context();
    }

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    protected void hookOnNext(T value) {
      if (!handler.produces()) {
        return;
      }
      List<T> known = emitted;
      if (known == null) {
        known = new ArrayList<>();
        emitted = known;
      }
      known.add(value);
    }

    @Override
    protected void hookOnComplete() {
      calls.remove(this);
      List<T> known = emitted;
      if (known != null) {
        later(attempt, () -> handling.handled(attempt, () -> handler.produced(known)));
        return;
      }
      try {
        handling.handled(attempt);
      } catch (Throwable e) { // thrown by application code that no setting covers
        stop(Handling.broken(attempt, e));
      }
      ended(attempt);
    }

    @Override
    protected void hookOnError(Throwable e) {
      calls.remove(this);
      later(attempt, () -> handling.failed(attempt, DeadLetter.HANDLE, e));
    }

    @Override
    protected void hookOnCancel() {
      calls.remove(this);
      ended(attempt);
    }

    /** A scheduler has thrown this error; Reactor sends no signal to the subscriber. */
    private void thrownByAScheduler(Throwable e) {
      Subscription source = upstream();
      onError(e);
      source.cancel();
    }

    /** The function has thrown or returned null, or the publisher could not be subscribed to. */
    private void threw(Throwable e) {
      onError(e);
    }
  }

  /** Passes an action to the loop's thread. For threads of Reactor, which must not block. */
  private void later(Attempt<K, V> attempt, Supplier<Outcome<K, V>> action) {
    steps.add(new Step<>(attempt, action));
    bell.ring();
  }

  private void forkSteps() throws InterruptedException {
    for (Step<K, V> step; (step = steps.poll()) != null; ) {
      fork(step.attempt(), step.action());
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
    var here = new Busy<K, V>();
    here.with(attempt);
    busy.add(here);
    try {
      outcome = step.get();
    } catch (Throwable e) { // thrown by application code that no setting covers
      outcome = Handling.broken(attempt, e);
    } finally {
      busy.remove(here);
    }
    stop(outcome);
    boolean isLetter = outcome instanceof Handling.Again<K, V> a && a.next().letter() != null;
    if (isLetter) {
      burying.incrementAndGet(); // before `ended`: otherwise `await` could miss the letter
    }
    try {
      ended(attempt);
      outcome.release();
      if (outcome instanceof Handling.Again<K, V> again) {
        again(again);
      }
    } finally {
      if (isLetter) {
        buried();
      }
    }
  }

  private void again(Handling.Again<K, V> again) throws InterruptedException {
    if (again.next().letter() != null) {
      bury(again.next());
      return;
    }
    Time.sleep(again.delay());
    retries.add(again.next());
    bell.ring();
  }

  /** Sends a dead letter, again and again until it is safe. Does not count against concurrency. */
  private void bury(Attempt<K, V> letter) throws InterruptedException {
    for (Attempt<K, V> attempt = letter.begin(); !attempt.messages().isEmpty(); ) {
      Outcome<K, V> outcome;
      try {
        outcome = handling.run(attempt);
      } catch (Throwable e) { // thrown by application code that no setting covers
        outcome = Handling.broken(attempt, e);
      }
      stop(outcome);
      attempt.abandon();
      if (!(outcome instanceof Handling.Again<K, V> again)) {
        return;
      }
      buried(); // `await` does not wait for a letter between two attempts
      try {
        Time.sleep(again.delay());
      } finally {
        burying.incrementAndGet();
      }
      attempt = again.next().begin();
    }
  }

  private void buried() {
    burying.decrementAndGet();
    bell.ring();
  }

  private void stop(Outcome<K, V> outcome) {
    if (outcome instanceof Handling.Stop<K, V>(Exception cause)) {
      failure.compareAndSet(null, cause);
      bell.ring();
    }
  }

  private void ended(Attempt<K, V> attempt) {
    attempt.abandon();
    gate.left(attempt.first(), attempt.topic());
    running.decrementAndGet();
    bell.ring();
  }

  @Override
  public void await(Duration timeout) throws InterruptedException {
    long deadline = Time.nanoTime() + timeout.toNanos();
    while (true) {
      bell.reset();
      forkSteps();
      if (running.get() + burying.get() == 0) {
        return;
      }
      if (group.context().isCancelled() || deadline - Time.nanoTime() <= 0) {
        LOG.warn(
            "{} handlers and {} dead letters are cancelled; their records will be redelivered",
            running.get(),
            burying.get());
        return;
      }
      bell.awaitUntil(deadline);
    }
  }

  @Override
  public Duration untilReady() {
    return supply.untilReady();
  }

  @Override
  public List<StuckHandlerException> running() {
    return Busy.stuck(name, busy);
  }

  @Override
  public void cancel() {
    calls.forEach(Call::cancel);
    for (Step<K, V> step; (step = steps.poll()) != null; ) {
      ended(step.attempt());
    }
  }
}
