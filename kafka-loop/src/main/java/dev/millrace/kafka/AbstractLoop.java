package dev.millrace.kafka;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.context.Context;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.internal.consumer.ConsumerCore;
import dev.millrace.kafka.internal.report.Brief;
import dev.millrace.kafka.internal.report.Ends;
import dev.millrace.kafka.internal.report.Guarded;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.LoopSettings;
import dev.millrace.kafka.internal.settings.OwnProducer;
import dev.millrace.kafka.internal.settings.Pauses;
import dev.millrace.kafka.internal.status.LoopRecorder;
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
 * What is the same in all faces of the loop: that it runs once, how it ends, and what it tells of
 * itself. Not for applications to extend.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public abstract class AbstractLoop<K, V> implements Loop {

  /** The context key that marks calls from inside a loop. */
  private static final Context.Key<AbstractLoop<?, ?>> INSIDE = Context.Key.of("loop");

  /** At most this number of stuck handlers is reported, one by one. */
  private static final int TOLD = 10;

  private final ConsumerSettings<K, V> settings;
  private final LoopSettings loop;
  private final Pauses pauses;
  private final LoopRecorder recorder = new LoopRecorder();
  private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();
  private final AtomicReference<@Nullable Duration> drainWithin = new AtomicReference<>();
  private volatile @Nullable ConsumerCore<K, V> running;
  private volatile @Nullable Health end;
  private boolean started; // guarded by this
  private @Nullable Long closeDeadline; // of the thread that runs

  /** For the faces of the loop; the settings are checked, and written to by nobody else. */
  protected AbstractLoop(ConsumerSettings<K, V> settings, LoopSettings loop) {
    this.settings = settings;
    this.pauses = Objects.requireNonNull(settings.pauses, "pauses");
    this.settings.observer = recorder.and(settings.observer);
    this.loop = loop;
  }

  /** The settings of the consumer. */
  protected final ConsumerSettings<K, V> settings() {
    return settings;
  }

  /** The settings of the loop. */
  protected final LoopSettings loop() {
    return loop;
  }

  @Override
  public final void run(Context context) throws InterruptedException, ExecutionException {
    Throwable failure = runToEnd(context);
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
   * @return what the loop has failed with, a {@link RecordFailedException} if that is a record;
   *     null if it was drained
   */
  protected final @Nullable Throwable runToEnd(Context context) throws InterruptedException {
    if (!starts()) {
      throw new IllegalStateException("a loop runs once: build another one");
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
        loop.producesLetters() ? OwnProducer.open(settings, loop.producerProperties) : null;
    Context inside = context.withValue(INSIDE, this);
    try {
      return inside.call(() -> consume(inside, letters));
    } catch (InterruptedException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e); // nothing else is thrown
    } finally {
      if (letters != null) {
        letters.close(Ends.left(closeDeadline()));
      }
    }
  }

  private synchronized boolean starts() {
    boolean first = !started;
    started = true;
    return first;
  }

  private void end() {
    recorder.end();
    ended.complete(null);
  }

  /**
   * Consumes until the end, and leaves nothing behind.
   *
   * @param letters produces the dead letters, if the loop does so itself
   * @return what it failed with; null if it was drained or cancelled
   */
  protected abstract @Nullable Throwable consume(Context context, @Nullable OwnProducer letters)
      throws InterruptedException;

  /**
   * When the loop must have ended, as {@link System#nanoTime}: {@code closeTimeout} after the first
   * call of this, which is when handlers have ended or had their time. For the thread of {@link
   * #consume}.
   */
  protected final long closeDeadline() {
    Long known = closeDeadline;
    if (known == null) {
      known = System.nanoTime() + settings.closeTimeout.toNanos();
      closeDeadline = known;
    }
    return known;
  }

  /**
   * Interrupts the handlers that still run, and waits for a part of the close timeout. Handlers
   * that go on are left behind, so that the loop can commit, and leave its group; the listener is
   * told of each.
   *
   * @param group their threads
   * @param running says which handlers run
   */
  protected final void interrupt(
      TaskGroup group, Supplier<? extends List<? extends Exception>> running) {
    long patience = settings.closeTimeout.dividedBy(4).toNanos();
    long deadline = Math.min(closeDeadline() - System.nanoTime(), patience) + System.nanoTime();
    // A thread of the platform: handlers may keep all carriers of virtual threads busy.
    Thread closing =
        Thread.ofPlatform()
            .daemon()
            .name("millrace-interrupt-" + settings.group())
            .start(group::close);
    if (!Ends.join(closing, deadline)) {
      running.get().stream().limit(TOLD).forEach(this::survived);
    }
  }

  /** The thread that polls does not end: what it is doing. */
  protected static Exception stuckPoll(String place) {
    return new IllegalStateException(
        "the poll thread has not ended within the close timeout, and is left behind: " + place);
  }

  /** Sets a position; waits until that is done, unless it is called from inside of the loop. */
  protected final void seekInside(TopicPartition name, long offset) throws InterruptedException {
    if (isInside(Context.current())) {
      core().seekLater(name, offset);
    } else {
      core().seek(name, offset);
    }
  }

  /** The loop has this core now; {@link #consume} says so as soon as there is one. */
  protected final void running(ConsumerCore<K, V> core) {
    running = core;
  }

  /** Wakes {@link #consume}, as it {@link #isDraining} now. */
  protected abstract void wake();

  /** Whether {@link #consume} is to start no more handlers, and return when they have ended. */
  protected final boolean isDraining() {
    return drainWithin.get() != null;
  }

  /** How long handlers may still run at the end. */
  protected final Duration drainTimeout() {
    return Objects.requireNonNullElse(drainWithin.get(), loop.drainTimeout);
  }

  /** Begins to drain; what is returned completes, always normally, when the loop has ended. */
  protected final CompletableFuture<@Nullable Void> startDrain(Duration timeout) {
    drainWithin.compareAndSet(null, ConsumerSettings.positive("the drain timeout", timeout));
    wake();
    if (starts()) {
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
   * Whether code that runs in that context, or in the calling thread, is a handler or a listener of
   * this loop: the loop may wait for such code, which therefore must not wait for the loop.
   */
  protected final boolean isInside(Context context) {
    ConsumerCore<K, V> core = running;
    return context.value(INSIDE) == this || (core != null && core.isPollThread());
  }

  /** Something went wrong, and is survived. */
  protected final void survived(Exception error) {
    recorder.survived(error);
    Guarded.tell("onError(…)", loop.onError, error);
  }

  /** A rebalance has changed something. */
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
    return core == null ? new Health(State.STARTING, "it does not run yet") : core.health();
  }

  @Override
  public final List<PartitionStatus> partitions() {
    ConsumerCore<K, V> core = running;
    return core == null ? List.of() : core.status();
  }

  @Override
  public final LoopStatus status() {
    return recorder.status(settings, loop.concurrency, this);
  }

  @Override
  public final ReceiveChannel<LoopEvent> events() {
    return recorder.events();
  }

  @Override
  public final void pause(Collection<TopicPartition> names) {
    pauses.add(names);
  }

  @Override
  public final void pauseAll() {
    pauses.addAll();
  }

  @Override
  public final void resume(Collection<TopicPartition> names) {
    pauses.remove(names);
    lookAgain();
  }

  @Override
  public final void resumeAll() {
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
  public final Set<TopicPartition> paused() {
    Set<TopicPartition> paused = new HashSet<>(pauses.named());
    for (PartitionStatus one : partitions()) {
      if (pauses.contains(one.partition())) {
        paused.add(one.partition());
      }
    }
    return Set.copyOf(paused);
  }

  /**
   * What it has in common with the other faces.
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
