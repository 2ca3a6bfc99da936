package dev.millrace.channel;

import dev.millrace.channel.internal.DoneChannels;
import dev.millrace.channel.internal.Ending;
import dev.millrace.channel.internal.StackReserve;
import dev.millrace.channel.internal.Timers;
import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A Go-like channel: a typed conduit between threads, with or without a buffer.
 *
 * <p>Elements are first in, first out; so are the threads that wait. Memory order:
 *
 * <ul>
 *   <li>A send happens before the receive that takes its element.
 *   <li>A close happens before a receive that reports it.
 *   <li>On a rendezvous channel, a receive happens before the send of its element returns.
 *   <li>With capacity n, the k-th receive happens before the (k+n)-th send returns.
 * </ul>
 *
 * <p>Thread-safe, for platform and virtual threads. An operation happens, or it does not: an
 * interrupt, a cancellation or a stack that overflows loses no element. An uncontended operation
 * that need not wait takes one compare-and-set. A thread that waits in turn with up to seven others
 * allocates nothing.
 *
 * @param <T> the type of the elements; null is refused
 */
public final class Channel<T> extends Handover implements SendChannel<T>, ReceiveChannel<T> {

  static final Channel<?> NEVER = new Channel<Object>(0, Overflow.WAIT);
  private static final ReceiveOnly<?> NEVER_VIEW = new ReceiveOnly<>(NEVER);

  static {
    DoneChannels.register(ending -> new Channel<Void>(0, Overflow.WAIT, ending));
  }

  private final Patience patience;

  /** For people; null if it has none. */
  private volatile @Nullable String name;

  private Channel(int capacity, Overflow overflow) {
    this(capacity, overflow, null);
  }

  private Channel(int capacity, Overflow overflow, @Nullable Ending ending) {
    super(capacity, overflow, ending);
    this.patience = capacity == 0 ? Patience.spinning() : Patience.yielding();
  }

  /** A channel without a buffer: a send returns when a receiver has taken the element. */
  public static <T> Channel<T> rendezvous() {
    return new Channel<>(0, Overflow.WAIT);
  }

  /**
   * A channel that holds up to {@code capacity} elements; senders wait while it is full.
   *
   * @param capacity in elements; 0 makes a rendezvous channel
   */
  public static <T> Channel<T> buffered(int capacity) {
    return new Channel<>(atLeast(0, capacity), Overflow.WAIT);
  }

  /** A channel that holds any number of elements: senders never wait. It can exhaust the heap. */
  public static <T> Channel<T> unlimited() {
    return new Channel<>(Integer.MAX_VALUE, Overflow.WAIT);
  }

  /**
   * A channel that holds up to {@code capacity} elements; while it is full, sends drop their
   * element.
   */
  public static <T> Channel<T> dropNewest(int capacity) {
    return new Channel<>(atLeast(1, capacity), Overflow.DROP_NEWEST);
  }

  /**
   * A channel that holds up to {@code capacity} elements; while it is full, sends drop the oldest.
   */
  public static <T> Channel<T> dropOldest(int capacity) {
    return new Channel<>(atLeast(1, capacity), Overflow.DROP_OLDEST);
  }

  /** A channel that holds the latest element only. */
  public static <T> Channel<T> conflated() {
    return dropOldest(1);
  }

  /**
   * Gives this channel a name, for {@link #toString}, the debug registry, and the explanations of
   * runs. Two channels may have the same name.
   *
   * @return this channel
   */
  public Channel<T> named(String name) {
    this.name = Objects.requireNonNull(name, "name");
    return this;
  }

  /** A channel that is never ready and never closed: for a clause that is switched off. */
  @SuppressWarnings("unchecked") // it never carries an element
  public static <T> ReceiveChannel<T> never() {
    return (ReceiveOnly<T>) NEVER_VIEW;
  }

  /**
   * This channel for a party that only receives: the view cannot be cast to the channel, so it can
   * be neither sent to nor closed. A call costs a small object, an operation nothing more.
   */
  public ReceiveChannel<T> receiveOnly() {
    return new ReceiveOnly<>(this);
  }

  /** The channel itself. */
  @SuppressWarnings("unchecked") // a view is one of a channel of the same type
  static <T> Channel<T> behind(ReceiveChannel<T> channel) {
    return channel instanceof ReceiveOnly<?> view
        ? (Channel<T>) view.channel()
        : (Channel<T>) channel;
  }

  private static int atLeast(int least, int capacity) {
    if (capacity < least) {
      throw new IllegalArgumentException(
          "capacity must be at least " + least + ", but is " + capacity);
    }
    return capacity;
  }

  // Sending

  @Override
  public void send(T element) throws InterruptedException {
    send(element, 0);
  }

  @Override
  public boolean trySend(T element, Duration timeout) throws InterruptedException {
    return send(element, deadline(timeout));
  }

  @Override
  public boolean trySend(T element) {
    StackReserve.ensure();
    Objects.requireNonNull(element, "element");
    return sent(attemptSend(element, NEVER));
  }

  @Override
  public void send(T element, Cancellation cancellation) throws InterruptedException {
    StackReserve.ensure();
    Objects.requireNonNull(element, "element");
    Channel<?> done = behind(cancellation.done());
    if (done == NEVER) {
      send(element);
      return;
    }
    cancellation.throwIfCancelled();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    Offer offer = attemptSend(element, done);
    if (offer == Offer.FULL) {
      var selection = new Selection();
      selection.addDone(done);
      SelectWaiter sending = selection.add(this, element);
      selection.biased();
      if (selection.awaitUnready(0) != sending.index) {
        throw cancelled(cancellation);
      }
      offer = selection.isClosed(sending.index) ? Offer.CLOSED : Offer.SENT;
    }
    sent(offer);
  }

  /** Sends, until {@code deadline} (a {@link System#nanoTime}; 0 for none) at the most. */
  private boolean send(T element, long deadline) throws InterruptedException {
    StackReserve.ensure();
    Objects.requireNonNull(element, "element");
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (add(element, NEVER)) {
      return true;
    }
    Offer offer;
    Waiter waiter = null;
    lock();
    try {
      offer = offer(element);
      if (offer == Offer.FULL) {
        waiter = sending.waiter();
        waiter.item = element;
        sending.add(waiter);
      }
    } finally {
      unlockAndWake();
    }
    if (waiter != null) {
      int state = await(sending, waiter, deadline);
      waiter.end();
      offer = state == Waiter.DONE ? Offer.SENT : state == Waiter.CLOSED ? Offer.CLOSED : offer;
    }
    return sent(offer);
  }

  private boolean sent(Offer offer) {
    if (offer == Offer.CLOSED) {
      throw new ChannelClosedException("send on a closed channel", closeCause);
    }
    return offer == Offer.SENT;
  }

  // Receiving

  @Override
  public T receive() throws InterruptedException {
    return orThrow(receive(0));
  }

  @Override
  public @Nullable T receiveOrNull() throws InterruptedException {
    return orNull(receive(0));
  }

  @Override
  public @Nullable T tryReceive(Duration timeout) throws InterruptedException {
    Object item = receive(deadline(timeout));
    return item == null ? null : orThrow(item);
  }

  @Override
  public @Nullable T tryReceive() {
    StackReserve.ensure();
    Object item = attemptReceive(NEVER);
    return item == null ? null : orThrow(item);
  }

  @Override
  public T receive(Cancellation cancellation) throws InterruptedException {
    return orThrow(take(cancellation));
  }

  @Override
  public @Nullable T receiveOrNull(Cancellation cancellation) throws InterruptedException {
    return orNull(take(cancellation));
  }

  private @Nullable Object take(Cancellation cancellation) throws InterruptedException {
    StackReserve.ensure();
    Channel<?> done = behind(cancellation.done());
    if (done == NEVER) {
      return receive(0);
    }
    cancellation.throwIfCancelled();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    Object item = attemptReceive(done);
    if (item == null) {
      var selection = new Selection();
      selection.addDone(done);
      int receiving = selection.add(this).index;
      selection.biased();
      if (selection.awaitUnready(0) != receiving) {
        throw cancelled(cancellation);
      }
      item = selection.isClosed(receiving) ? END : selection.takeItem(receiving);
    }
    return item;
  }

  /** Takes an element, {@link #END}, or null if {@code deadline} passes. */
  private @Nullable Object receive(long deadline) throws InterruptedException {
    StackReserve.ensure();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    Object item = take(NEVER);
    if (item != null) {
      return item;
    }
    Waiter waiter;
    lock();
    try {
      item = poll();
      if (item != null) {
        return item;
      }
      waiter = receiving.waiter();
      receiving.add(waiter);
    } finally {
      unlockAndWake();
    }
    int state = await(receiving, waiter, deadline);
    item = waiter.end();
    return state == Waiter.CLOSED ? END : item;
  }

  @SuppressWarnings("unchecked") // only elements of type T are sent
  private T orThrow(@Nullable Object item) {
    if (item == END || item == null) {
      throw new ChannelClosedException("receive on a closed channel", closeCause);
    }
    return (T) item;
  }

  private @Nullable T orNull(@Nullable Object item) {
    return item == END && closeCause == null ? null : orThrow(item);
  }

  @Override
  public Iterator<T> iterator() {
    return new ReceiveIterator<>(this);
  }

  // Closing

  @Override
  public void close() {
    shut(null);
  }

  @Override
  public void close(Throwable cause) {
    shut(Objects.requireNonNull(cause, "cause"));
  }

  /**
   * Waits until the waiter, which stands in the queue, is served.
   *
   * <p>The JDK's park may throw an error, because no memory or no stack is left. The error ends the
   * wait as an interrupt does: the waiter must not stay in the queue.
   *
   * @return {@link Waiter#DONE}, {@link Waiter#CLOSED}, or {@link Waiter#WAITING} if the deadline
   *     passed
   */
  private int await(WaitQueue queue, Waiter waiter, long deadline) throws InterruptedException {
    patience.await(waiter);
    if (waiter.isComplete() || !ChannelWait.isWatched()) {
      return park(queue, waiter, deadline);
    }
    ChannelWait wait = ChannelWait.begin(this, queue == sending);
    try {
      return park(queue, waiter, deadline);
    } finally {
      if (wait != null) {
        wait.end();
      }
    }
  }

  private int park(WaitQueue queue, Waiter waiter, long deadline) throws InterruptedException {
    while (waiter.announcePark()) {
      boolean expired = false;
      Error error = null;
      try {
        expired = !Waiter.parkUntil(this, deadline);
      } catch (Error e) {
        error = e;
      }
      boolean interrupted = Thread.interrupted();
      if ((expired || interrupted || error != null) && withdraw(queue, waiter)) {
        waiter.end();
        if (error != null) {
          throw interrupted(error, interrupted);
        }
        if (interrupted) {
          throw new InterruptedException();
        }
        return Waiter.WAITING;
      }
      if (interrupted) { // too late: the operation has happened
        Thread.currentThread().interrupt();
      }
    }
    return waiter.state;
  }

  /** The error, with the interrupt as it was. */
  static Error interrupted(Error error, boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return error;
  }

  /** Gives up waiting; false if the operation has been completed. */
  private boolean withdraw(WaitQueue queue, Waiter waiter) {
    lock();
    boolean waiting = queue.remove(waiter);
    unlock();
    return waiting;
  }

  private static long deadline(Duration timeout) {
    long nanos = Math.clamp(Timers.toNanos(timeout), 0, Timers.LONGEST);
    long deadline = Time.nanoTime() + nanos;
    return deadline == 0 ? 1 : deadline; // 0 stands for no deadline
  }

  private static CancellationException cancelled(Cancellation cancellation) {
    cancellation.throwIfCancelled();
    return new CancellationException("cancelled without a cause");
  }

  // Monitoring

  @Override
  public boolean isClosed() {
    StackReserve.ensure();
    lock();
    boolean result = closed;
    unlock();
    return result;
  }

  @Override
  public @Nullable Throwable closeCause() {
    StackReserve.ensure();
    lock();
    Throwable result = closeCause;
    unlock();
    return result;
  }

  @Override
  public int size() {
    StackReserve.ensure();
    lock();
    int result = buffered();
    unlock();
    return result;
  }

  @Override
  public int capacity() {
    return capacity;
  }

  @Override
  public int waitingSenders() {
    StackReserve.ensure();
    lock();
    int result = sending.waiting();
    unlock();
    return result;
  }

  @Override
  public int waitingReceivers() {
    StackReserve.ensure();
    lock();
    int result = receiving.waiting();
    unlock();
    return result;
  }

  /** How many elements were dropped because the channel was full; 0 unless it is made to drop. */
  public long dropped() {
    StackReserve.ensure();
    lock();
    long result = dropped;
    unlock();
    return result;
  }

  /**
   * The name of the channel, its size and capacity, the numbers of waiting senders and receivers,
   * and whether it is closed.
   */
  @Override
  public String toString() {
    StackReserve.ensure();
    lock();
    int size = buffered();
    int waitingSenders = sending.waiting();
    int waitingReceivers = receiving.waiting();
    boolean ended = closed;
    unlock();
    // Format after the unlock: formatting may load classes, and all other threads would spin while
    // this thread blocks.
    String known = name;
    return "Channel[%s%d of %s, %d senders and %d receivers wait%s]"
        .formatted(
            known == null ? "" : known + ": ",
            size,
            capacity == Integer.MAX_VALUE ? "unlimited" : String.valueOf(capacity),
            waitingSenders,
            waitingReceivers,
            ended ? ", closed" : "");
  }
}
