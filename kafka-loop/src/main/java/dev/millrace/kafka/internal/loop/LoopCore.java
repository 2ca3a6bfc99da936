package dev.millrace.kafka.internal.loop;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.clock.internal.Time;
import dev.millrace.context.Context;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.RateLimit;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.internal.consumer.ConsumerCore;
import dev.millrace.kafka.internal.properties.Checks;
import dev.millrace.kafka.internal.report.Ends;
import dev.millrace.kafka.internal.report.Guarded;
import dev.millrace.kafka.internal.settings.Breaker;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.Gate;
import dev.millrace.kafka.internal.settings.LoopDraft;
import dev.millrace.kafka.internal.settings.LoopSettings;
import dev.millrace.kafka.internal.settings.OwnProducer;
import dev.millrace.kafka.internal.settings.Pauses;
import dev.millrace.kafka.internal.settings.Tuning;
import dev.millrace.kafka.internal.status.LoopRecorder;
import dev.millrace.kafka.internal.text.Brief;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The parts that all loops share: a loop runs once, ends in one way, and reports its state in one
 * way. The public loops forward to subclasses of this class. Thread-safe.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public abstract class LoopCore<K, V> implements Loop {

  /** The context key that marks calls from inside a loop. */
  private static final Context.Key<LoopCore<?, ?>> INSIDE = Context.Key.of("loop");

  private enum Phase {
    NEW,
    /** Drained before it ran. */
    DRAINED,
    RUN
  }

  /** The largest number of stuck handlers that are reported, one by one. */
  private static final int TOLD = 10;

  private final ConsumerSettings<K, V> settings;
  private final LoopSettings loop;
  private final Pauses pauses;
  private final Gate gate;
  private final LoopRecorder recorder = new LoopRecorder();
  private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();
  private final AtomicReference<@Nullable Duration> drainWithin = new AtomicReference<>();
  private volatile @Nullable ConsumerCore<K, V> running;
  private volatile @Nullable Health end;
  private Phase phase = Phase.NEW; // guarded by this
  private @Nullable Long closeDeadline; // used only by the thread in run()

  /**
   * Checks the settings.
   *
   * @throws IllegalArgumentException if a setting is missing, or settings do not fit together
   */
  protected LoopCore(LoopDraft<K, V> draft) {
    this.loop = draft.loop();
    this.gate = loop.tuning.newGate();
    this.settings = draft.consumer(loop, recorder::and, gate);
    Breaker breaker = gate.breaker();
    if (breaker != null) {
      breaker.onChange(recorder::breaker);
    }
    this.pauses = Objects.requireNonNull(settings.pauses, "pauses");
  }

  /** The settings of the consumer. */
  protected final ConsumerSettings<K, V> settings() {
    return settings;
  }

  /** The settings of the loop. */
  protected final LoopSettings loop() {
    return loop;
  }

  /** Decides when handlers start. */
  protected final Gate gate() {
    return gate;
  }

  @Override
  public final void run(Context context) throws InterruptedException, ExecutionException {
    Throwable failure =
        Thread.currentThread().isVirtual()
            ? PlatformThread.call("millrace-loop-" + settings.group(), () -> runToEnd(context))
            : runToEnd(context);
    if (failure instanceof RecordFailedException record) {
      var stops =
          new ExecutionException("the loop stops: " + record.getMessage(), record.getCause());
      for (Throwable other : record.getSuppressed()) { // of a rule of the application
        stops.addSuppressed(other);
      }
      throw stops;
    }
    if (failure != null) {
      throw new ExecutionException("the loop stops: " + Brief.of(failure), failure);
    }
  }

  /**
   * Consumes until the end; see {@link #run}.
   *
   * @return the failure that ended the loop, a {@link RecordFailedException} if a record failed;
   *     null if the loop was drained
   */
  protected final @Nullable Throwable runToEnd(Context context) throws InterruptedException {
    switch (enter(Phase.RUN)) {
      case NEW -> {}
      case DRAINED -> {
        context.throwIfCancelled();
        return null;
      }
      case RUN -> throw new IllegalStateException("a loop runs once: build another one");
    }
    Throwable failure = null;
    try {
      failure = consume(context);
    } catch (Throwable e) {
      failure = e;
      throw e;
    } finally {
      end = new Health(State.STOPPED, failure == null ? "it has ended" : why(failure));
      end();
    }
    if (failure == null) {
      context.throwIfCancelled();
    }
    return failure;
  }

  private static String why(Throwable failure) {
    return "it failed: "
        + (failure instanceof RecordFailedException ? failure.getMessage() : Brief.of(failure));
  }

  private @Nullable Throwable consume(Context context) throws InterruptedException {
    OwnProducer letters =
        loop.producesLetters()
            ? OwnProducer.open(settings, loop.producerProperties, loop.producerFactory)
            : null;
    Context inside = context.withValue(INSIDE, this);
    try {
      return inside.call(() -> consume(inside, letters));
    } catch (InterruptedException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e); // the call throws no other exception
    } finally {
      if (letters != null) {
        letters.close(Time.left(closeDeadline()));
      }
    }
  }

  /** Returns the phase before; a loop that has run stays in that phase. */
  private synchronized Phase enter(Phase next) {
    Phase before = phase;
    if (before != Phase.RUN) {
      phase = next;
    }
    return before;
  }

  private void end() {
    gate.close();
    recorder.end();
    ended.complete(null);
  }

  /**
   * Consumes until the end, and leaves no threads or resources behind.
   *
   * @param letters the producer of dead letters, if the loop makes it itself
   * @return the failure that ended the loop; null if it was drained or cancelled
   */
  protected abstract @Nullable Throwable consume(Context context, @Nullable OwnProducer letters)
      throws InterruptedException;

  /**
   * The time by which the loop must have ended, as {@link System#nanoTime}: {@code closeTimeout}
   * after the first call of this method. The first call comes when the handlers have ended, or
   * their time is over. Only for the thread of {@link #consume}.
   */
  protected final long closeDeadline() {
    Long known = closeDeadline;
    if (known == null) {
      known = Time.nanoTime() + settings.closeTimeout.toNanos();
      closeDeadline = known;
    }
    return known;
  }

  /**
   * Interrupts the handlers that still run, and waits for them, at most a quarter of the close
   * timeout. Handlers that still run afterwards are left behind, so that the loop can commit and
   * leave its group. The error listener receives an exception for each of them.
   *
   * @param group the threads of the handlers
   * @param running gives an exception for each handler that runs
   */
  protected final void interrupt(
      TaskGroup group, Supplier<? extends List<? extends Exception>> running) {
    long patience = settings.closeTimeout.dividedBy(4).toNanos();
    long deadline = Math.min(closeDeadline() - Time.nanoTime(), patience) + Time.nanoTime();
    // A platform thread: handlers may keep all carriers of virtual threads busy.
    Thread closing =
        Thread.ofPlatform()
            .daemon()
            .name("millrace-interrupt-" + settings.group())
            .start(group::close);
    if (!Ends.join(closing, deadline)) {
      running.get().stream().limit(TOLD).forEach(this::survived);
    }
  }

  /**
   * The failure for a poll thread that does not end.
   *
   * @param place the innermost calls of the thread
   */
  protected static Exception stuckPoll(String place) {
    return new IllegalStateException(
        "the poll thread has not ended within the close timeout and is left behind, at: " + place);
  }

  /** Sets a position. Blocks until the seek is done. A call from inside the loop does not wait. */
  public final void seekInside(TopicPartition name, long offset) throws InterruptedException {
    if (isInside(Context.current())) {
      core().seekLater(name, offset);
    } else {
      core().seek(name, offset);
    }
  }

  /** Sets the core of this loop; {@link #consume} calls this as soon as the core exists. */
  protected final void running(ConsumerCore<K, V> core) {
    core.onEnd(
        () -> {
          CompletableFuture<?> _ = startDrain(loop.drainTimeout);
        });
    running = core;
  }

  /** Wakes {@link #consume}, because {@link #isDraining} is true now. */
  protected abstract void wake();

  /** Whether {@link #consume} must start no more handlers, and return when the running ones end. */
  protected final boolean isDraining() {
    return drainWithin.get() != null;
  }

  /** How long handlers may still run at the end. */
  protected final Duration drainTimeout() {
    return Objects.requireNonNullElse(drainWithin.get(), loop.drainTimeout);
  }

  /** Starts to drain. The returned future completes, always normally, when the loop has ended. */
  protected final CompletableFuture<@Nullable Void> startDrain(Duration timeout) {
    drainWithin.compareAndSet(null, Checks.positive("the drain timeout", timeout));
    wake();
    if (enter(Phase.DRAINED) == Phase.NEW) {
      end = new Health(State.STOPPED, "it was drained before it ran", false);
      end();
    }
    return ended.copy(); // the caller may cancel it
  }

  @Override
  public final void drain(Duration timeout) throws InterruptedException {
    CompletableFuture<?> end = startDrain(timeout);
    if (isInside(Context.current())) {
      return; // the loop waits for the caller
    }
    try {
      end.get();
    } catch (ExecutionException e) {
      throw new AssertionError(e); // it completes normally
    }
  }

  /**
   * Whether code in this context, or in the calling thread, is a handler or a listener of this
   * loop. The loop may wait for such code. Therefore such code must not wait for the loop.
   */
  protected final boolean isInside(Context context) {
    ConsumerCore<K, V> core = running;
    return context.value(INSIDE) == this || (core != null && core.isPollThread());
  }

  /** Reports a failure that the loop survives. */
  protected final void survived(Exception error) {
    recorder.survived(error);
    Guarded.tell("onError(…)", loop.onError, error);
  }

  /** Reports the result of a rebalance. */
  protected final void rebalanced(Notification change) {
    recorder.rebalanced(change);
    Guarded.run("onNotification(…)", () -> loop.onNotification.accept(change));
  }

  @Override
  public final Duration closeTimeout() {
    return settings.closeTimeout;
  }

  @Override
  public final Health health() {
    ConsumerCore<K, V> core = running;
    Health known = end;
    if (known != null) {
      return known;
    }
    return closing(core == null ? healthWithoutCore() : core.health());
  }

  /** The same, unless the loop drains. */
  private Health closing(Health now) {
    if (!isDraining() || !now.isAlive()) {
      return now;
    }
    long handled = partitions().stream().mapToLong(PartitionStatus::inFlight).sum();
    String what =
        switch ((int) Math.min(handled, 2)) {
          case 0 -> "it closes, and no record is being handled: " + now.reason();
          case 1 -> "it closes, and waits for the handler of 1 record";
          default -> "it closes, and waits for the handlers of %d records".formatted(handled);
        };
    return new Health(State.CLOSING, what, now.isStarted());
  }

  /** The health of a loop that has no {@link #running} core and has not ended. */
  protected Health healthWithoutCore() {
    return new Health(State.STARTING, "it does not run yet");
  }

  @Override
  public final void concurrency(int handlers) {
    gate.concurrency(Checks.positive("concurrency", handlers));
  }

  @Override
  public final void rateLimit(RateLimit limit) {
    Tuning.check(limit, settings.stuckAfter);
    gate.rate(limit);
  }

  @Override
  public List<PartitionStatus> partitions() {
    ConsumerCore<K, V> core = running;
    return core == null ? List.of() : core.status();
  }

  @Override
  public final LoopStatus status() {
    return recorder.status(settings, gate, this);
  }

  @Override
  public final ReceiveChannel<LoopEvent> events() {
    return recorder.events();
  }

  @Override
  public void pause(Collection<TopicPartition> names) {
    pauses.add(names);
  }

  @Override
  public void pauseAll() {
    pauses.addAll();
  }

  @Override
  public void resume(Collection<TopicPartition> names) {
    pauses.remove(names);
    lookAgain();
  }

  @Override
  public void resumeAll() {
    pauses.removeAll();
    lookAgain();
  }

  private void lookAgain() {
    ConsumerCore<K, V> core = running;
    if (core != null) {
      core.ready();
    }
  }

  @Override
  public Set<TopicPartition> paused() {
    Set<TopicPartition> paused = new HashSet<>(pauses.named());
    for (PartitionStatus one : partitions()) {
      if (pauses.contains(one.partition())) {
        paused.add(one.partition());
      }
    }
    return Set.copyOf(paused);
  }

  /**
   * The consumer core, which all faces share.
   *
   * @throws IllegalStateException if the loop does not run yet
   */
  protected final ConsumerCore<K, V> core() {
    ConsumerCore<K, V> core = running;
    if (core == null) {
      throw new IllegalStateException("the loop does not run yet");
    }
    return core;
  }
}
