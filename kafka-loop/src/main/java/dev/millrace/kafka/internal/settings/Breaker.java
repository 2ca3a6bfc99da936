package dev.millrace.kafka.internal.settings;

import dev.failsafe.CircuitBreaker;
import dev.millrace.channel.internal.Timers;
import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.LoopBreaker;
import dev.millrace.kafka.LoopBreaker.State;
import dev.millrace.kafka.internal.text.Brief;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The breaker of a loop. Thread-safe; never blocks. */
/*
 * Failsafe's breaker counts and has the states. This class adds two rules. While the breaker is not
 * closed, only the trial changes it: a probe, or one record. Handlers that began before it opened
 * say nothing about the system now. And a trial that ends without a result is repeated at once, for
 * example because its partition was revoked.
 *
 * `trial` is the place of the one record: the thread that reserves it, and then the record itself.
 * All writes of the state hold the lock; the state is read without it, for each record.
 */
public final class Breaker {

  private final LoopBreaker settings;
  private final CircuitBreaker<Object> breaker;
  private final AtomicReference<@Nullable Object> trial = new AtomicReference<>();
  private volatile BiConsumer<State, String> onChange = (state, why) -> {};
  private volatile Runnable onPass = () -> {};
  private volatile State state = State.CLOSED;
  private volatile String reason = "";
  private volatile long since = Time.nanoTime();
  private @Nullable Future<?> timer; // guarded by this
  private @Nullable Thread probing; // guarded by this
  private boolean closed; // guarded by this

  /** A breaker that is closed. */
  public Breaker(LoopBreaker settings) {
    this.settings = settings;
    var builder = CircuitBreaker.builder().withDelay(settings.delay()).withSuccessThreshold(1);
    this.breaker =
        settings.failures() > 0
            ? builder.withFailureThreshold(settings.failures()).build()
            : builder
                .withFailureRateThreshold(settings.percent(), settings.atLeast(), settings.within())
                .build();
  }

  /** Sets the receiver of each change, with its reason. It must not block. */
  public void onChange(BiConsumer<State, String> listener) {
    onChange = listener;
  }

  void onPass(Runnable wake) {
    onPass = wake;
  }

  /** The state now. */
  public State state() {
    return state;
  }

  /** Why no records are handed out, for people; null if the breaker is closed. */
  public @Nullable String suspension() {
    State now = state;
    return now == State.CLOSED
        ? null
        : "the breaker is %s for %d s: %s"
            .formatted(
                now == State.OPEN ? "open" : "half open, with one trial,",
                Duration.ofNanos(Time.nanoTime() - since).toSeconds(),
                reason);
  }

  /** How long the present state has lasted. */
  public Duration age() {
    return Duration.ofNanos(Time.nanoTime() - since);
  }

  boolean isOpen() {
    return switch (state) {
      case CLOSED -> true;
      case OPEN -> false;
      case HALF_OPEN -> settings.probe() == null && trial.get() == null;
    };
  }

  /** Reserves the trial if the breaker is half open; false if no record may be handed out. */
  boolean enter() {
    return state == State.CLOSED || (isOpen() && trial.compareAndSet(null, Thread.currentThread()));
  }

  void missed() {
    trial.compareAndSet(Thread.currentThread(), null);
  }

  void took(Object first) {
    trial.compareAndSet(Thread.currentThread(), first);
  }

  void began(Object first, Object now) {
    trial.compareAndSet(first, now);
  }

  void left(Object first) {
    if (trial.compareAndSet(first, null) && state == State.HALF_OPEN) {
      onPass.run(); // there was no result: another record tries
    }
  }

  /** The attempt that began with this record has succeeded, or has failed for another reason. */
  public void succeeded(Object first) {
    synchronized (this) {
      if (state == State.CLOSED) {
        breaker.recordSuccess();
        return;
      }
      if (trial.get() != first) {
        return;
      }
      breaker.recordSuccess();
    }
    turn(State.CLOSED, "a record was handled");
  }

  /**
   * An attempt has failed.
   *
   * @param first the record that it began with
   * @param spared how often the record was spared before
   * @return whether the failure uses no attempt
   */
  public boolean failed(Object first, int spared, Throwable failure) {
    if (!settings.isDown().test(failure)) {
      succeeded(first);
      return false;
    }
    synchronized (this) {
      if (state != State.CLOSED && trial.get() != first) {
        return true;
      }
      breaker.recordFailure();
      if (!breaker.isOpen()) {
        return spared < Math.max(settings.failures(), settings.atLeast());
      }
    }
    turn(State.OPEN, Brief.of(failure));
    return true;
  }

  private void turn(State next, String why) {
    synchronized (this) {
      if (state == next || closed) {
        return;
      }
      state = next;
      reason = next == State.HALF_OPEN ? reason : why;
      since = Time.nanoTime();
      if (next == State.OPEN) {
        timer = Timers.schedule(this::halfOpen, settings.delay().toNanos());
      }
    }
    onChange.accept(next, why);
    if (next != State.OPEN) {
      onPass.run();
    }
  }

  private void halfOpen() {
    synchronized (this) {
      if (closed) {
        return;
      }
      breaker.halfOpen();
    }
    turn(State.HALF_OPEN, "one trial decides");
    Callable<Boolean> probe = settings.probe();
    if (probe != null) {
      ask(probe);
    }
  }

  private void ask(Callable<Boolean> probe) {
    Thread thread = Thread.ofVirtual().name("millrace-probe").unstarted(() -> answer(probe));
    synchronized (this) {
      if (closed) {
        return;
      }
      probing = thread;
    }
    thread.start();
  }

  private void answer(Callable<Boolean> probe) {
    String why = "the probe has returned false";
    boolean isUp = false;
    try {
      isUp = Objects.requireNonNullElse(probe.call(), false);
    } catch (Throwable e) { // it says that the system is down
      why = "the probe has thrown " + Brief.of(e);
    }
    synchronized (this) {
      if (isUp) {
        breaker.recordSuccess();
      } else {
        breaker.recordFailure();
      }
    }
    turn(isUp ? State.CLOSED : State.OPEN, isUp ? "the probe has returned true" : why);
  }

  void close() {
    Future<?> last;
    Thread thread;
    synchronized (this) {
      closed = true;
      last = timer;
      thread = probing;
    }
    if (last != null) {
      last.cancel(false);
    }
    if (thread != null) {
      thread.interrupt();
    }
  }
}
