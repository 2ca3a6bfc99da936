package dev.millrace.kafka.internal.settings;

import dev.millrace.channel.internal.Timers;
import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.RateLimit;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a record may be handed out to a handler: by the number of handlers, the rate, the
 * bound of its topic, and the breaker. All may change while the loop runs. Thread-safe; never
 * blocks.
 */
/*
 * A face asks in three steps. `enter` reserves a place, before a record is taken from its
 * partition. Then `took` says which record it is, or `missed` gives the place back, because there
 * was none. `left` ends the place of a record when its handler has ended. Without a limit, each
 * step reads some fields.
 *
 * No record is left behind. A thread that was refused may rest, because each refusal has a later
 * signal. A refusal by the rate sets a timer. A refusal by a topic came after the last free slot
 * was taken, so the handler that frees the slot sees a full topic, and signals. A breaker that is
 * not closed signals when it lets a record through.
 */
public final class Gate {

  private final @Nullable TopicSlots slots;
  private final @Nullable Breaker breaker;
  private final LongSupplier clock;
  private final AtomicBoolean armed = new AtomicBoolean();
  private volatile @Nullable Future<?> timer;
  private volatile int concurrency;
  private volatile @Nullable Rate rate;
  private volatile Runnable onOpen = () -> {};
  private volatile boolean closed;

  /**
   * A gate.
   *
   * @param concurrency how many handlers may run
   * @param slots the bounds of topics; null for none
   * @param breaker null for none
   */
  public Gate(
      int concurrency, RateLimit limit, @Nullable TopicSlots slots, @Nullable Breaker breaker) {
    this(concurrency, limit, slots, breaker, Time::nanoTime);
  }

  Gate(
      int concurrency,
      RateLimit limit,
      @Nullable TopicSlots slots,
      @Nullable Breaker breaker,
      LongSupplier clock) {
    this.concurrency = concurrency;
    this.slots = slots;
    this.breaker = breaker;
    this.clock = clock;
    this.rate = limit.isNone() ? null : new Rate(limit, clock);
    if (breaker != null) {
      breaker.onPass(this::opened);
    }
  }

  /** A gate that bounds only the number of handlers. */
  public static Gate of(int concurrency) {
    return new Gate(concurrency, RateLimit.NONE, null, null);
  }

  /** Sets the function to call when records may be handed out again. It must not block. */
  public void onOpen(Runnable wake) {
    onOpen = wake;
  }

  private void opened() {
    if (!closed) {
      onOpen.run();
    }
  }

  /** How many handlers may run now. The faces count the handlers. */
  public int concurrency() {
    return concurrency;
  }

  /** Sets how many handlers may run from now on. */
  public void concurrency(int handlers) {
    concurrency = handlers;
    opened();
  }

  /** The rate now. */
  public RateLimit rate() {
    Rate known = rate;
    return known == null ? RateLimit.NONE : known.limit();
  }

  /** Sets the rate from now on. */
  public void rate(RateLimit limit) {
    rate = limit.isNone() ? null : new Rate(limit, clock);
    cancelTimer();
    rang();
  }

  /** The breaker; null if there is none. */
  public @Nullable Breaker breaker() {
    return breaker;
  }

  /** Whether there is no limit but the number of handlers: then {@link #enter} always succeeds. */
  public boolean isFree() {
    return rate == null && slots == null && breaker == null;
  }

  /** Whether a record of this topic may be handed out now. If not, a signal follows. */
  public boolean isOpen(String topic) {
    Breaker known = breaker;
    if (known != null && !known.isOpen()) {
      return false;
    }
    TopicSlots bounds = slots;
    if (bounds != null && !bounds.isOpen(topic)) {
      return false;
    }
    Rate limit = rate;
    return limit == null || isNow(limit, limit.untilFree());
  }

  private boolean isNow(Rate limit, long nanos) {
    if (nanos > 0 && armed.compareAndSet(false, true)) {
      timer = Timers.schedule(this::rang, nanos);
      if (rate != limit) { // it was changed meanwhile, and the new one may be faster
        rang();
      }
    }
    return nanos == 0;
  }

  private void rang() {
    armed.set(false);
    opened();
  }

  private void cancelTimer() {
    Future<?> known = timer;
    if (known != null) {
      known.cancel(false);
    }
  }

  /** Reserves a place for a record of this topic; false if none may be handed out now. */
  public boolean enter(String topic) {
    Breaker known = breaker;
    if (known != null && !known.enter()) {
      return false;
    }
    TopicSlots bounds = slots;
    boolean hasSlot = bounds == null || bounds.enter(topic);
    Rate limit = rate;
    if (hasSlot && (limit == null || isNow(limit, limit.enter()))) {
      return true;
    }
    if (hasSlot) {
      leaveSlot(topic);
    }
    if (known != null) {
      known.missed();
    }
    return false;
  }

  /** There was no record for the place; or the record was not handled. */
  public void missed(String topic) {
    leaveSlot(topic);
    Rate limit = rate;
    if (limit != null) {
      limit.missed();
    }
    Breaker known = breaker;
    if (known != null) {
      known.missed();
    }
  }

  /**
   * The place is used.
   *
   * @param first identifies the attempt: the first of its records
   * @param records the number of its records
   * @param size the bytes of all
   */
  public void took(Object first, int records, long size) {
    Rate limit = rate;
    if (limit != null) {
      limit.took(records - 1, size);
    }
    Breaker known = breaker;
    if (known != null) {
      known.took(first);
    }
  }

  /** The attempt begins with another record, because the first one was revoked. */
  public void began(Object first, Object now) {
    Breaker known = breaker;
    if (known != null && first != now) {
      known.began(first, now);
    }
  }

  /** The handler has ended, or the record is not handled after all. */
  public void left(Object first, String topic) {
    leaveSlot(topic);
    Breaker known = breaker;
    if (known != null) {
      known.left(first);
    }
  }

  private void leaveSlot(String topic) {
    TopicSlots bounds = slots;
    if (bounds != null && bounds.leave(topic)) {
      opened();
    }
  }

  /** Ends its timers. */
  public void close() {
    closed = true;
    cancelTimer();
    Breaker breaks = breaker;
    if (breaks != null) {
      breaks.close();
    }
  }
}
