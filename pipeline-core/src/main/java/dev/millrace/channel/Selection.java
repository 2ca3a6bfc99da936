package dev.millrace.channel;

import dev.millrace.channel.internal.Ending;
import dev.millrace.channel.internal.StackReserve;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Comparator;
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
 * 2. Otherwise lock all channels, and look again. Only now the thread knows that no clause is
 *    ready, so a default clause may run. The locks are taken in the order of the channels' ids, so
 *    that one of two selections always succeeds. A selection that cannot get the next lock soon
 *    releases its locks and starts again.
 * 3. Put one waiter per clause into the queues, unlock, and park. The first thread that comes to
 *    the other side of one of these channels claims the whole selection by compare-and-set on
 *    'winner', and does the operation of the winning clause. Later threads find the claim taken,
 *    and go on to the next waiter. Once a cancellation that the selection obeys has come, only its
 *    done channel can claim the selection.
 * 4. Take the losers out of their queues, so that no waiter stays behind on an idle channel.
 *
 * The order is random among the ready clauses. A permutation is shuffled step by step, as far as it
 * is used (Fisher and Yates, in Durstenfeld's form). So the cost depends on the number of clauses
 * that are looked at. All objects are reused from turn to turn; a turn allocates nothing.
 */
final class Selection implements Patience.Completion, Ending {

  /** The result of {@link #await} if the deadline has passed. */
  static final int EXPIRED = -1;

  /** The result of {@link #attempt} if no clause is ready. */
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

  private static final SelectWaiter[] NO_CLAUSES = {};
  private static final Comparator<SelectWaiter> BY_CHANNEL =
      (one, other) -> Long.compare(one.channel.id, other.channel.id);

  private SelectWaiter[] clauses = new SelectWaiter[2]; // the first 'size' of them
  private int size;

  /** The clauses of cancellations; behind them there are nulls. */
  private @Nullable SelectWaiter[] dones = NO_CLAUSES;

  private int doneCount;

  /** In the order in which their channels are locked; made when the first turn needs it. */
  private SelectWaiter[] byChannel = NO_CLAUSES;

  private int[] permutation = new int[2];
  private Patience patience = Patience.yielding();
  private boolean biased;
  private long random = ThreadLocalRandom.current().nextLong() | 1;

  @SuppressWarnings("unused") // through WINNER
  private volatile int winner = NONE;

  @SuppressWarnings("unused") // through PHASE
  private volatile int phase;

  /** Links the calls of this class, which takes much stack, before one is made under a lock. */
  static void link() {
    var selection = new Selection();
    selection.enqueue();
    selection.claim(0);
    selection.announcePark();
    selection.complete();
  }

  /** Adds a receive clause. */
  SelectWaiter add(Channel<?> channel) {
    return add(new SelectWaiter(this, size, channel, false, false));
  }

  /** Adds a clause for the done channel of a cancellation: it goes before all others. */
  SelectWaiter addDone(Channel<?> channel) {
    SelectWaiter clause = add(new SelectWaiter(this, size, channel, false, true));
    if (doneCount == dones.length) {
      dones = Arrays.copyOf(dones, Math.max(1, 2 * doneCount));
    }
    dones[doneCount++] = clause;
    return clause;
  }

  /** Adds a send clause; without an element yet, if it is null. */
  SelectWaiter add(Channel<?> channel, @Nullable Object element) {
    SelectWaiter clause = add(new SelectWaiter(this, size, channel, true, false));
    clause.offered = element;
    return clause;
  }

  private SelectWaiter add(SelectWaiter clause) {
    if (size == clauses.length) {
      clauses = Arrays.copyOf(clauses, 2 * size);
      permutation = Arrays.copyOf(permutation, 2 * size);
    }
    permutation[size] = size;
    clauses[size++] = clause;
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

  /** Whether a cancellation that this selection obeys has come. By any thread. */
  @Override
  public boolean hasEnded() {
    for (SelectWaiter clause : dones) {
      if (clause == null) {
        break;
      }
      if (clause.enabled && clause.channel.hasEnded()) {
        return true;
      }
    }
    return false;
  }

  /** The done clause of a cancelled context; {@link #NOT_READY} if there is none. */
  private int ended() {
    for (SelectWaiter clause : dones) {
      if (clause == null) {
        break;
      }
      if (clause.enabled && clause.channel.hasEnded()) {
        clause.result(Waiter.CLOSED);
        return clause.index;
      }
    }
    return NOT_READY;
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
    StackReserve.ensure();
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
    StackReserve.ensure();
    int index = attemptEach(true);
    return index == NOT_READY ? awaitUnready(deadline) : index;
  }

  /**
   * Like {@link #await}, if most likely no operation is possible. Looks at the clauses with all
   * locks held only: if the operation that became possible first is preferred, it is also seen
   * first. The caller has made sure that there is stack left.
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
    for (int i = 0; i < size; i++) { // a channel in several clauses favours none of them
      SelectWaiter clause = clauses[permutation[i]];
      if (clause.enabled) {
        clause.thread = thread;
        clause.item = clause.offered;
        clause.queue().add(clause);
      }
    }
  }

  private int attemptEach(boolean locking) {
    int ended = ended();
    if (ended != NOT_READY) {
      return ended;
    }
    for (int i = 0; i < size; i++) {
      if (!biased) {
        int other = i + nextInt(size - i);
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

  /**
   * Waits until a clause is complete; its index, or {@link #EXPIRED}. An error of the JDK's park
   * ends the wait as an interrupt does, and is thrown if no clause is done.
   */
  private int park(long deadline) throws InterruptedException {
    patience.await(this);
    if (isComplete() || !ChannelWait.isWatched()) {
      return parkUntilComplete(deadline);
    }
    ChannelWait wait = ChannelWait.begin(this);
    try {
      return parkUntilComplete(deadline);
    } finally {
      if (wait != null) {
        wait.end();
      }
    }
  }

  /**
   * The operations that it waits for, such as "receive from Channel[…] or send to Channel[…]",
   * without cancellations. By any thread, while the owner is parked.
   */
  String operations() {
    var text = new StringBuilder();
    SelectWaiter[] all = clauses;
    for (int i = 0; i < Math.min(size, all.length); i++) {
      SelectWaiter clause = all[i];
      if (clause != null && clause.enabled && !clause.done) {
        text.append(text.isEmpty() ? "" : " or ");
        text.append(ChannelWait.operation(clause.channel, clause.sends));
      }
    }
    return text.isEmpty() ? "be cancelled" : text.toString();
  }

  private int parkUntilComplete(long deadline) throws InterruptedException {
    while (announcePark()) {
      boolean expired = false;
      Error error = null;
      try {
        expired = !Waiter.parkUntil(this, deadline);
      } catch (Error e) {
        error = e;
      }
      boolean interrupted = Thread.interrupted();
      if ((expired || interrupted || error != null) && claim(WITHDRAWN)) {
        if (error != null) {
          throw Channel.interrupted(error, interrupted);
        }
        if (interrupted) {
          throw new InterruptedException();
        }
        return EXPIRED;
      }
      if (interrupted || error != null) { // too late: the operation has happened, or is about to
        while (phase != COMPLETE) {
          SpinLock.giveWay();
        }
      }
      if (interrupted) {
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
    for (int i = 0; i < size; i++) {
      SelectWaiter clause = clauses[i];
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
      SpinLock.giveWay();
    }
  }

  private boolean lockAllSoon() {
    if (byChannel.length != size) {
      byChannel = Arrays.copyOf(clauses, size);
      Arrays.sort(byChannel, BY_CHANNEL);
    }
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
