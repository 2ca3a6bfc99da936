package dev.millrace.channel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A wait for the first of several operations on channels, which can be repeated; {@link Select} is
 * its public face. Used by one thread at a time.
 */
/*
 * 1. Fast: in random order, lock one channel after the other and do the first operation that is
 *    possible.
 * 2. Otherwise lock all channels, in the order of their ids (so that of two selections one gets
 *    on; a selection that can not have the next lock soon gives up those it has, and begins anew),
 *    and look again: only now is it known that no clause is ready, and only then may a
 *    default clause run.
 * 3. Put one waiter per clause into the queues, unlock, and park. The first thread that comes to the
 *    other side of one of these channels claims the whole selection by compare-and-set on 'winner',
 *    and does the winning clause's operation; those that come later find the claim taken, and pass on.
 * 4. Take the losers out of their queues: nothing stays behind on a channel that is silent.
 *
 * The order is random among the ready clauses: step through a permutation that is shuffled as far as
 * it is used (Fisher and Yates, in Durstenfeld's form), so that the cost is that of the clauses looked
 * at. Everything is reused from turn to turn; a turn allocates nothing.
 */
final class Selection implements Patience.Completion {

  /** What {@link #await} answers if the deadline passed. */
  static final int EXPIRED = -1;

  /** What {@link #attempt} answers if no clause is ready. */
  static final int NOT_READY = -1;

  private static final int NONE = -1;
  private static final int WITHDRAWN = -2;
  private static final int WAITING = 0;
  private static final int PARKED = 1;
  private static final int COMPLETE = 2;
  private static final VarHandle WINNER;
  private static final VarHandle PHASE;

  static {
    try {
      WINNER = MethodHandles.lookup().findVarHandle(Selection.class, "winner", int.class);
      PHASE = MethodHandles.lookup().findVarHandle(Selection.class, "phase", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private SelectWaiter[] clauses = new SelectWaiter[0];
  private SelectWaiter[] byChannel = new SelectWaiter[0];
  private int[] permutation = new int[0];
  private Patience patience = Patience.yielding();
  private boolean biased;
  private long random = ThreadLocalRandom.current().nextLong() | 1;

  @SuppressWarnings("unused") // through WINNER
  private volatile int winner = NONE;

  @SuppressWarnings("unused") // through PHASE
  private volatile int phase;

  /** Adds a receive clause. */
  SelectWaiter add(Channel<?> channel) {
    return add(new SelectWaiter(this, clauses.length, channel, false));
  }

  /** Adds a send clause; without an element yet, if it is null. */
  SelectWaiter add(Channel<?> channel, @Nullable Object element) {
    SelectWaiter clause = add(new SelectWaiter(this, clauses.length, channel, true));
    clause.offered = element;
    return clause;
  }

  private SelectWaiter add(SelectWaiter clause) {
    int length = clauses.length;
    clauses = Arrays.copyOf(clauses, length + 1);
    clauses[length] = clause;
    permutation = Arrays.copyOf(permutation, length + 1);
    permutation[length] = length;
    byChannel = Arrays.copyOf(byChannel, length + 1);
    int at = length;
    for (; at > 0 && byChannel[at - 1].channel.id > clause.channel.id; at--) {
      byChannel[at] = byChannel[at - 1];
    }
    byChannel[at] = clause;
    if (clause.channel.capacity() == 0) {
      patience = Patience.spinning();
    }
    return clause;
  }

  /** Prefers the first clauses, in the order in which they were added. */
  void biased() {
    biased = true;
    Arrays.setAll(permutation, i -> i);
  }

  boolean claim(int index) {
    return WINNER.compareAndSet(this, NONE, index);
  }

  /** Whether the clause that won found its channel closed. */
  boolean isClosed(int index) {
    return clauses[index].state == Waiter.CLOSED;
  }

  /** The element that the receive clause that won has taken. */
  @Nullable Object takeItem(int index) {
    Object item = clauses[index].item;
    clauses[index].item = null;
    return item;
  }

  /** Does one operation that is possible now; {@link #NOT_READY} if there is none. */
  int attempt() {
    int index = attemptEach(true);
    if (index == NOT_READY) {
      lockAll();
      try {
        index = attemptEach(false);
      } finally {
        unlockAll(index);
      }
    }
    return index;
  }

  /**
   * Does the first operation that is possible; waits for it if need be.
   *
   * @param deadline a {@link System#nanoTime}; 0 for none
   * @return the index of the clause, or {@link #EXPIRED}
   */
  int await(long deadline) throws InterruptedException {
    int index = attemptEach(true);
    return index == NOT_READY ? awaitUnready(deadline) : index;
  }

  /**
   * As {@link #await}, if most likely no operation is possible. Looks at the clauses with all locks
   * held only: what became possible first is seen first, if it is preferred.
   */
  int awaitUnready(long deadline) throws InterruptedException {
    int index = NOT_READY;
    lockAll();
    try {
      index = attemptEach(false);
      if (index == NOT_READY) {
        enqueue();
      }
    } finally {
      unlockAll(index);
    }
    if (index != NOT_READY) {
      return index;
    }
    try {
      return park(deadline);
    } finally {
      withdraw();
    }
  }

  private void enqueue() {
    WINNER.set(this, NONE); // the locks publish it
    PHASE.set(this, WAITING);
    Thread thread = Thread.currentThread();
    for (int i : permutation) { // a channel in several clauses favours none of them
      SelectWaiter clause = clauses[i];
      if (clause.enabled) {
        clause.thread = thread;
        clause.item = clause.offered;
        clause.queue().add(clause);
      }
    }
  }

  private int attemptEach(boolean locking) {
    for (int i = 0; i < permutation.length; i++) {
      if (!biased) {
        int other = i + nextInt(permutation.length - i);
        int swapped = permutation[i];
        permutation[i] = permutation[other];
        permutation[other] = swapped;
      }
      SelectWaiter clause = clauses[permutation[i]];
      if (clause.enabled
          && (locking
              ? clause.channel.seemsReady(clause.sends) && clause.attempt()
              : clause.attemptLocked())) {
        return clause.index;
      }
    }
    return NOT_READY;
  }

  /** Waits until a clause is complete; its index, or {@link #EXPIRED}. */
  private int park(long deadline) throws InterruptedException {
    patience.await(this);
    while (announcePark()) {
      boolean expired = !Waiter.parkUntil(this, deadline);
      boolean interrupted = Thread.interrupted();
      if ((expired || interrupted) && claim(WITHDRAWN)) {
        if (interrupted) {
          throw new InterruptedException();
        }
        return EXPIRED;
      }
      if (interrupted) { // too late: the operation has happened, or is about to
        while (phase != COMPLETE) {
          Thread.yield();
        }
        Thread.currentThread().interrupt();
      }
    }
    return winner;
  }

  @Override
  public boolean isComplete() {
    return phase == COMPLETE;
  }

  private boolean announcePark() {
    return PHASE.compareAndSet(this, WAITING, PARKED) || phase != COMPLETE;
  }

  /**
   * Called by the other side, when the clause's result is written; whether the owner has parked.
   */
  boolean complete() {
    return (int) PHASE.getAndSet(this, COMPLETE) == PARKED;
  }

  /** Takes the clauses that have not won out of their queues. */
  private void withdraw() {
    int won = winner;
    for (SelectWaiter clause : clauses) {
      if (clause.enabled && clause.index != won) {
        clause.channel.lock();
        clause.queue().remove(clause);
        clause.channel.unlock();
        clause.item = null;
      }
      clause.thread = null;
    }
  }

  /** Never yields while it holds a lock; see {@link SpinLock}. */
  private void lockAll() {
    while (!lockAllSoon()) {
      Thread.yield();
    }
  }

  private boolean lockAllSoon() {
    Channel<?> last = null;
    for (SelectWaiter clause : byChannel) {
      if (clause.enabled && clause.channel != last) {
        if (!clause.channel.lockSoon()) {
          unlockUpTo(clause.channel);
          return false;
        }
        last = clause.channel;
      }
    }
    return true;
  }

  /** Unlocks the channels before this one; all, if it is null. */
  private void unlockUpTo(@Nullable Channel<?> channel) {
    Channel<?> last = null;
    for (SelectWaiter clause : byChannel) {
      if (clause.channel == channel) {
        return;
      }
      if (clause.enabled && clause.channel != last) {
        last = clause.channel;
        last.unlock();
      }
    }
  }

  /**
   * Unlocks, and then wakes the thread whose operation was completed by the clause that was done.
   */
  private void unlockAll(int done) {
    Thread wake = done == NOT_READY ? null : clauses[done].channel.takeWake();
    unlockUpTo(null);
    LockSupport.unpark(wake);
  }

  private int nextInt(int bound) {
    random ^= random << 13;
    random ^= random >>> 7;
    random ^= random << 17;
    return (int) (((random >>> 32) * bound) >>> 32);
  }
}
