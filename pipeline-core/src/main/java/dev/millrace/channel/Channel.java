package dev.millrace.channel;

import dev.millrace.channel.internal.Timers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A Go-like channel: a typed conduit between threads, with or without a buffer.
 *
 * <p>Threads hand elements over in the order in which they came (first in, first out, among the
 * waiting as well). What happens in a thread before a send happens before what the receiver of that
 * element does next; a close happens before the receive that reports it; on a rendezvous channel
 * the receive happens before the send returns; with capacity n, the k-th receive happens before the
 * (k+n)-th send returns.
 *
 * <p>Safe for use by any number of threads, platform and virtual. An interrupt or a cancellation
 * loses no element: an operation has happened, or it has not. An uncontended operation that need
 * not wait takes one compare-and-set. A thread that waits in turn with up to seven others allocates
 * nothing.
 *
 * @param <T> the type of the elements; null is refused
 */
/*
 * The algorithm is that of Go's runtime (chan.go, select.go), with the buffer cut in two halves so
 * that senders and receivers need not share a lock: the senders add to one ring under the senders'
 * lock, the receivers take from the other one under the receivers' lock. Whoever finds its half used
 * up, or somebody waiting on the other side, takes both locks (the receivers' first) and then sees the
 * channel as a whole; when the receivers' half is empty the two rings change places, so that the
 * senders' lock is taken once for many elements. This is the idea of the two-lock queue of Michael and
 * Scott (PODC 1996), with batches. A rendezvous has nothing to cut, and one lock.
 *
 * Invariants, whenever the locks are free:
 *   1. What is in the receivers' half is older than what is in the senders' half.
 *   2. If a receiver waits, both halves are empty and no sender waits (unless one select waits for
 *      both a send and a receive on this channel).
 *   3. If a sender waits, the channel is full.
 *   4. Once closed, nobody waits.
 * The queues and 'closed' change only under both locks, so either lock is enough to read them.
 *
 * Whoever completes a waiter's operation does so under both locks: takes it off the queue, writes its
 * item and then its state. The waiter gives up (interrupt, timeout) under the same locks, so that
 * exactly one of both happens. Threads are unparked after the locks were released.
 *
 * Rejected: the segments of cells with fetch-and-add of Koval, Alistarh and Elizarov (PPoPP 2023). It
 * scales with many cores, but a failed cell costs an allocation, try-operations can fail spuriously,
 * sizes are approximate, and removing a cancelled waiter leaves its cell behind.
 */
public final class Channel<T> implements SendChannel<T>, ReceiveChannel<T> {

  private enum Overflow {
    WAIT,
    DROP_NEWEST,
    DROP_OLDEST
  }

  /** What {@link #offer} answers. */
  enum Offer {
    SENT,
    FULL,
    CLOSED
  }

  /** What {@link #poll} answers when the channel is closed and drained. */
  static final Object END = new Object();

  private static final AtomicLong IDS = new AtomicLong();
  static final Channel<?> NEVER = new Channel<Object>(0, Overflow.WAIT);

  static { // initialised now: under a lock, that could block
    new Waiter();
    Objects.requireNonNull(Offer.SENT);
  }

  /** The order in which a select locks channels. */
  final long id = IDS.getAndIncrement();

  private final Overflow overflow;
  private final int capacity;
  final Side sending;
  final Side receiving;
  private final Patience patience;
  private long dropped;
  private volatile boolean closed; // volatile: a cancellation is looked up without its lock
  private @Nullable Throwable closeCause;

  /** The thread to unpark once the lock is released; set by {@link #offer} and {@link #poll}. */
  private @Nullable Thread wake;

  private Channel(int capacity, Overflow overflow) {
    this.capacity = capacity;
    this.overflow = overflow;
    this.patience = capacity == 0 ? Patience.spinning() : Patience.yielding();
    this.sending = new Side(new Ring(capacity), capacity);
    this.receiving = new Side(new Ring(capacity), 0);
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

  /** A channel that is never ready and never closed: for a clause that is switched off. */
  @SuppressWarnings("unchecked") // it never carries an element
  public static <T> ReceiveChannel<T> never() {
    return (Channel<T>) NEVER;
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
    Objects.requireNonNull(element, "element");
    return sent(attemptSend(element, NEVER));
  }

  @Override
  public void send(T element, Cancellation cancellation) throws InterruptedException {
    Objects.requireNonNull(element, "element");
    if (cancellation.done() == NEVER) {
      send(element);
      return;
    }
    cancellation.throwIfCancelled();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    Channel<?> done = (Channel<?>) cancellation.done();
    Offer offer = attemptSend(element, done);
    if (offer == Offer.FULL) {
      var selection = new Selection();
      selection.add(done);
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
    if (cancellation.done() == NEVER) {
      return receive(0);
    }
    cancellation.throwIfCancelled();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    Channel<?> done = (Channel<?>) cancellation.done();
    Object item = attemptReceive(done);
    if (item == null) {
      var selection = new Selection();
      selection.add(done);
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
    return new Iterator<>() {
      private @Nullable T next;

      @Override
      public boolean hasNext() {
        try {
          return next != null || (next = receiveOrNull()) != null;
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          var exception = new CancellationException("interrupted while receiving");
          exception.initCause(e);
          throw exception;
        }
      }

      @Override
      public T next() {
        if (!hasNext()) {
          throw new NoSuchElementException("the channel is closed");
        }
        T element = Objects.requireNonNull(next);
        next = null;
        return element;
      }
    };
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

  private void shut(@Nullable Throwable cause) {
    if (this == NEVER) {
      throw new UnsupportedOperationException("the channel that is never ready can not be closed");
    }
    List<Thread> waiting = new ArrayList<>();
    lock();
    try {
      if (!closed) {
        closeCause = cause;
        closed = true;
        tellClosed(receiving, waiting);
        tellClosed(sending, waiting);
      }
    } finally {
      unlock();
    }
    waiting.forEach(LockSupport::unpark);
  }

  private static void tellClosed(WaitQueue queue, List<Thread> waiting) {
    for (Waiter waiter; (waiter = queue.poll()) != null; ) {
      Thread thread = waiter.complete(Waiter.CLOSED);
      if (thread != null) {
        waiting.add(thread);
      }
    }
  }

  // What send, receive and select are made of

  // With 'done' the operations obey a cancellation, whose done channel that is: they look under the
  // lock, so that nothing is done after it, not even with what was sent or became free since.

  /** Adds the element to the senders' half, if that is all there is to do. */
  private boolean add(Object element, Channel<?> done) {
    if (capacity == 0) {
      return false;
    }
    Side side = sending;
    side.lock();
    try {
      if (closed || done.closed || !receiving.nobodyWaits() || side.ring.size() >= side.room) {
        return false;
      }
      side.ring.add(element);
      return true;
    } finally {
      side.unlock();
    }
  }

  /** Takes an element from the receivers' half, if that is all there is to do; else null. */
  private @Nullable Object take(Channel<?> done) {
    if (capacity == 0) {
      return null;
    }
    Side side = receiving;
    side.lock();
    Object item =
        side.ring.size() == 0 || !sending.nobodyWaits() || done.closed ? null : side.ring.take();
    side.unlock();
    return item;
  }

  /** A guess, without a lock, whether an attempt is worth it. */
  boolean seemsReady(boolean toSend) {
    if (closed) {
      return true;
    }
    if (toSend) {
      return !receiving.nobodyWaits() || overflow != Overflow.WAIT || buffered() < capacity;
    }
    return !sending.nobodyWaits() || buffered() > 0;
  }

  /** Sends, if that is possible now. */
  Offer attemptSend(Object element, Channel<?> done) {
    if (add(element, done)) {
      return Offer.SENT;
    }
    lock();
    try {
      return done.closed ? Offer.FULL : offer(element);
    } finally {
      unlockAndWake();
    }
  }

  /**
   * Receives, if that is possible now: null if there is none, {@link #END} if there will be none.
   */
  @Nullable Object attemptReceive(Channel<?> done) {
    Object item = take(done);
    if (item != null) {
      return item;
    }
    lock();
    try {
      return done.closed ? null : poll();
    } finally {
      unlockAndWake();
    }
  }

  /** Locks the whole channel; a rendezvous has but one lock. Not for who holds another lock. */
  void lock() {
    receiving.lock();
    while (!(capacity == 0 || sending.lockSoon())) {
      receiving.unlock();
      Thread.yield();
      receiving.lock();
    }
  }

  /** Locks the whole channel, if that is possible without a yield. */
  boolean lockSoon() {
    if (!receiving.lockSoon()) {
      return false;
    }
    if (capacity == 0 || sending.lockSoon()) {
      return true;
    }
    receiving.unlock();
    return false;
  }

  void unlock() {
    if (capacity != 0) {
      sending.unlock();
    }
    receiving.unlock();
  }

  /**
   * Hands the element to a receiver or buffers it, if that is possible now. The caller holds the
   * channel's lock.
   */
  Offer offer(Object element) {
    if (closed) {
      return Offer.CLOSED;
    }
    Waiter receiver = receiving.poll();
    if (receiver != null) {
      complete(receiver, element);
      return Offer.SENT;
    }
    if (capacity == 0) {
      return Offer.FULL;
    }
    sending.room = capacity - receiving.ring.size();
    if (sending.ring.size() >= sending.room) {
      if (overflow == Overflow.WAIT) { // no switch: its class would be loaded under the lock
        return Offer.FULL;
      }
      dropped++;
      if (overflow == Overflow.DROP_NEWEST) {
        return Offer.SENT;
      }
      refill();
      receiving.ring.take();
      sending.room = capacity - receiving.ring.size();
    }
    sending.ring.add(element);
    return Offer.SENT;
  }

  /**
   * Takes an element if there is one now: null if there is none, {@link #END} if there will be
   * none. The caller holds the channel's lock.
   */
  @Nullable Object poll() {
    Waiter sender = sending.poll();
    Object item = null;
    if (capacity == 0) {
      if (sender != null) {
        item = sender.item;
        complete(sender, null);
      }
    } else {
      refill();
      item = receiving.ring.size() == 0 ? null : receiving.ring.take();
      if (sender != null) {
        sending.ring.add(Objects.requireNonNull(sender.item));
        complete(sender, null);
      }
      sending.room = capacity - receiving.ring.size();
    }
    return item == null && closed ? END : item;
  }

  /** Gives the receivers what the senders have buffered, once they have nothing left. */
  private void refill() {
    if (receiving.ring.size() == 0) {
      Ring filled = sending.ring;
      sending.ring = receiving.ring;
      receiving.ring = filled;
    }
  }

  private void complete(Waiter waiter, @Nullable Object item) {
    waiter.item = item;
    Thread thread = waiter.complete(Waiter.DONE);
    if (thread != null) { // no write to a cache line that both sides read
      wake = thread;
    }
  }

  /** Releases the lock, and wakes the thread whose operation was completed under it. */
  void unlockAndWake() {
    Thread thread = takeWake();
    unlock();
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  /** The thread whose operation was completed; the caller unparks it after it releases the lock. */
  @Nullable Thread takeWake() {
    Thread thread = wake;
    if (thread != null) {
      wake = null;
    }
    return thread;
  }

  /**
   * Waits until the waiter, which stands in the queue, is served.
   *
   * @return {@link Waiter#DONE}, {@link Waiter#CLOSED}, or {@link Waiter#WAITING} if the deadline
   *     passed
   */
  private int await(WaitQueue queue, Waiter waiter, long deadline) throws InterruptedException {
    patience.await(waiter);
    while (waiter.announcePark()) {
      boolean expired = !Waiter.parkUntil(this, deadline);
      boolean interrupted = Thread.interrupted();
      if ((expired || interrupted) && withdraw(queue, waiter)) {
        waiter.end();
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

  /** Gives up waiting; false if the operation has been completed. */
  private boolean withdraw(WaitQueue queue, Waiter waiter) {
    lock();
    boolean waiting = queue.remove(waiter);
    unlock();
    return waiting;
  }

  private static long deadline(Duration timeout) {
    long nanos = Timers.toNanos(timeout);
    long deadline = System.nanoTime() + Math.max(0, nanos);
    return deadline == 0 ? 1 : deadline; // 0 stands for no deadline
  }

  private static CancellationException cancelled(Cancellation cancellation) {
    cancellation.throwIfCancelled();
    return new CancellationException("cancelled without a cause");
  }

  // Monitoring

  @Override
  public boolean isClosed() {
    lock();
    boolean result = closed;
    unlock();
    return result;
  }

  @Override
  public @Nullable Throwable closeCause() {
    lock();
    Throwable result = closeCause;
    unlock();
    return result;
  }

  @Override
  public int size() {
    lock();
    int result = buffered();
    unlock();
    return result;
  }

  private int buffered() {
    return sending.ring.size() + receiving.ring.size();
  }

  @Override
  public int capacity() {
    return capacity;
  }

  @Override
  public int waitingSenders() {
    lock();
    int result = sending.waiting();
    unlock();
    return result;
  }

  @Override
  public int waitingReceivers() {
    lock();
    int result = receiving.waiting();
    unlock();
    return result;
  }

  /** How many elements were dropped because the channel was full; 0 unless it is made to drop. */
  public long dropped() {
    lock();
    long result = dropped;
    unlock();
    return result;
  }

  /** Says how full the channel is, who waits, and whether it is closed. */
  @Override
  public String toString() {
    lock();
    int size = buffered();
    int waitingSenders = sending.waiting();
    int waitingReceivers = receiving.waiting();
    boolean ended = closed;
    unlock();
    // Only now: formatting may load classes, and whoever blocks under the lock lets all others
    // spin.
    return "Channel[%d of %d, %d senders and %d receivers wait%s]"
        .formatted(size, capacity, waitingSenders, waitingReceivers, ended ? ", closed" : "");
  }
}
