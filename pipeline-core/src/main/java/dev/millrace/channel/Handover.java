package dev.millrace.channel;

import dev.millrace.channel.internal.Ending;
import dev.millrace.channel.internal.StackReserve;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The part of a channel that does not wait: it hands elements over between senders, receivers and a
 * buffer. It does not deal with types, timeouts and interrupts.
 */
/*
 * The algorithm is the one of Go's runtime (chan.go, select.go), except that the buffer has two
 * halves, so that senders and receivers need not share a lock. Senders add to one ring under the
 * senders' lock. Receivers take from the other ring under the receivers' lock. A thread that finds
 * its half used up, or a thread waiting on the other side, takes both locks (the receivers' lock
 * first), and then sees the whole channel. When the receivers' half is empty, the two rings change
 * places. So receivers take the senders' lock once for many elements. This is the idea of the
 * two-lock queue of Michael and Scott (PODC 1996), with batches. A rendezvous channel has no buffer
 * to divide, and one lock.
 *
 * Invariants, whenever the locks are free: 1. The elements in the receivers' half are older than
 * the elements in the senders' half. 2. If a receiver waits, both halves are empty and no sender
 * waits (unless one select waits for both a send and a receive on this channel). 3. If a sender
 * waits, the channel is full. 4. Once the channel is closed, no thread waits. The queues and
 * 'closed' change only under both locks, so either lock is enough to read them.
 *
 * A thread that completes the operation of a waiter holds both locks: it takes the waiter off the
 * queue, writes its item, and then its state. The waiter gives up (interrupt, timeout) under the
 * same locks. So either the operation is completed, or the waiter gives up, and never both. Threads
 * are unparked after the locks are released.
 *
 * Rejected: the segments of cells with fetch-and-add by Koval, Alistarh and Elizarov (PPoPP 2023).
 * They scale with many cores, but a failed cell costs an allocation, try-operations can fail
 * spuriously, sizes are approximate, and removing a cancelled waiter leaves its cell behind.
 */
abstract sealed class Handover implements Ending permits Channel {

  enum Overflow {
    WAIT,
    DROP_NEWEST,
    DROP_OLDEST
  }

  /** The results of {@link #offer}. */
  enum Offer {
    SENT,
    FULL,
    CLOSED
  }

  /** The result of {@link #poll} when the channel is closed and drained. */
  static final Object END = new Object();

  private static final AtomicLong IDS = new AtomicLong();

  static { // initialised and linked now: under a lock, that could block, or overflow the stack
    Waiter.link();
    Selection.link();
    ChannelWait.link();
    new Side(new Ring(1), 1).link();
    Objects.requireNonNull(Offer.SENT);
  }

  /** The order in which a select locks channels. */
  final long id = IDS.getAndIncrement();

  final Overflow overflow;
  final int capacity;
  final Side sending;
  final Side receiving;
  long dropped;
  volatile boolean closed; // volatile: a cancellation is looked up without its lock

  /**
   * The state that ends just before the channel is closed, if it is the done channel of a context.
   */
  private final @Nullable Ending ending;

  @Nullable Throwable closeCause;

  /** The thread to unpark once the lock is released; set by {@link #offer} and {@link #poll}. */
  private @Nullable Thread wake;

  Handover(int capacity, Overflow overflow, @Nullable Ending ending) {
    this.capacity = capacity;
    this.overflow = overflow;
    this.ending = ending;
    this.sending = new Side(new Ring(capacity), capacity);
    this.receiving = new Side(new Ring(capacity), 0);
  }

  // With 'done' the operations obey a cancellation, whose done channel (or all of a select's) that
  // is:
  // they look under the lock, so nothing is done after it. A party that has seen the cancellation,
  // and
  // then sends or makes room, takes the lock later than that, and is seen by a look under the lock.

  /** Whether the channel is closed, or the context of this done channel has ended. */
  @Override
  public final boolean hasEnded() {
    return closed || (ending != null && ending.hasEnded());
  }

  /** Adds the element to the senders' half, if nothing else is to be done. */
  boolean add(Object element, Ending done) {
    if (capacity == 0) {
      return false;
    }
    Side side = sending;
    side.lock();
    try {
      if (closed || done.hasEnded() || !receiving.nobodyWaits() || side.ring.size() >= side.room) {
        return false;
      }
      side.ring.add(element);
      return true;
    } finally {
      side.unlock();
    }
  }

  /** Takes an element from the receivers' half, if nothing else is to be done; else null. */
  @Nullable Object take(Ending done) {
    if (capacity == 0) {
      return null;
    }
    Side side = receiving;
    side.lock();
    Object item =
        side.ring.size() == 0 || !sending.nobodyWaits() || done.hasEnded()
            ? null
            : side.ring.take();
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
  Offer attemptSend(Object element, Ending done) {
    if (add(element, done)) {
      return Offer.SENT;
    }
    lock();
    try {
      return done.hasEnded() ? Offer.FULL : offer(element);
    } finally {
      unlockAndWake();
    }
  }

  /**
   * Receives, if that is possible now: null if there is none, {@link #END} if there will be none.
   */
  @Nullable Object attemptReceive(Ending done) {
    Object item = take(done);
    if (item != null) {
      return item;
    }
    lock();
    try {
      return done.hasEnded() ? null : poll();
    } finally {
      unlockAndWake();
    }
  }

  /**
   * Locks the whole channel; a rendezvous has only one lock. The caller must not hold another lock.
   */
  void lock() {
    receiving.lock();
    while (!(capacity == 0 || sending.lockSoon())) {
      receiving.unlock();
      SpinLock.giveWay();
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
      if (overflow == Overflow.WAIT) { // a switch would load a class under the lock
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

  /**
   * Gives the receivers the elements that the senders have buffered, once the receivers have none
   * left.
   */
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

  /** The number of buffered elements; a guess without the lock. */
  int buffered() {
    return sending.ring.size() + receiving.ring.size();
  }

  /** Closes the channel, and wakes all waiters. Does nothing if it is closed. */
  void shut(@Nullable Throwable cause) {
    StackReserve.ensure();
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
}
