package dev.millrace.sync;

import dev.millrace.channel.Cancellation;
import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.internal.StackReserve;
import java.time.Duration;
import java.util.concurrent.CancellationException;

/**
 * A mutex made of a channel that holds one token: the thread that has taken the token has the lock.
 *
 * <pre>{@code
 * try (var held = lock.lock()) {
 *   balance += amount;
 * }
 * }</pre>
 *
 * <p>So a thread can wait for the lock and for other things at the same time: {@link #token()} is a
 * clause for {@link dev.millrace.channel.Select}, and a wait ends with a {@link Cancellation}.
 * Where neither is needed, {@link java.util.concurrent.locks.ReentrantLock} is faster.
 *
 * <p>First come, first served. Not reentrant: a thread that locks twice waits for itself. The lock
 * belongs to no thread: any thread may unlock it. Each acquisition has a {@link Held} of its own,
 * which unlocks that acquisition only, once.
 *
 * <p>Thread-safe; all actions before an unlock happen before the next lock returns. An uncontended
 * lock takes one compare-and-set. An unlock takes one and an uncontended monitor, and allocates the
 * next token, 24 bytes.
 */
public final class ChannelLock {

  /** One acquisition of the lock. Thread-safe. */
  public interface Held extends AutoCloseable {
    /**
     * Unlocks, if this acquisition has not been unlocked yet: a second call does nothing, even if
     * another thread has the lock meanwhile. Does not block.
     */
    @Override
    void close();
  }

  private final Channel<Held> token = Channel.buffered(1);
  private final ReceiveChannel<Held> tokenView = token.receiveOnly();

  /** The token that is in the channel or was taken from it last. Guarded by this. */
  private Token last = new Token();

  /** Unlocked. */
  public ChannelLock() {
    token.trySend(last);
  }

  private final class Token implements Held {
    private boolean unlocked; // guarded by the lock's monitor

    @Override
    public void close() {
      unlock(this);
    }
  }

  private synchronized void unlock(Token held) {
    StackReserve.ensureOverChannels();
    if (!held.unlocked) {
      held.unlocked = true;
      last = new Token();
      token.trySend(last); // there is room: the only token was taken
    }
  }

  /**
   * Locks; blocks while it is locked.
   *
   * @throws InterruptedException if the thread is interrupted before it has the lock
   */
  public Held lock() throws InterruptedException {
    return token.receive();
  }

  /**
   * Like {@link #lock()}, and gives up when {@code cancellation} comes.
   *
   * @throws CancellationException if it comes before this thread has the lock
   */
  public Held lock(Cancellation cancellation) throws InterruptedException {
    return token.receive(cancellation);
  }

  /**
   * Locks if that is possible without waiting.
   *
   * @return whether this thread has the lock now, and has to {@link #unlock} it
   */
  public boolean tryLock() {
    return token.tryReceive() != null;
  }

  /**
   * Like {@link #lock()}, but waits for {@code timeout} at the most.
   *
   * @return whether this thread has the lock now, and has to {@link #unlock} it
   */
  public boolean tryLock(Duration timeout) throws InterruptedException {
    return token.tryReceive(timeout) != null;
  }

  /**
   * Unlocks the acquisition that has the lock; the thread that has waited longest has the lock
   * then. Does not block.
   *
   * @throws IllegalStateException if the lock is not locked
   */
  public synchronized void unlock() {
    if (!isLocked()) {
      throw new IllegalStateException(
          "unlock of a lock that is not locked: is there an unlock() without a lock()?");
    }
    unlock(last);
  }

  /** Whether it is locked, by any thread: for monitoring. */
  public boolean isLocked() {
    return token.size() == 0;
  }

  /** The number of threads and selects that wait for the lock now: for monitoring. */
  public int waiting() {
    return token.waitingReceivers();
  }

  /** A clause for a select: the thread that receives the token has the lock. */
  public ReceiveChannel<Held> token() {
    return tokenView;
  }
}
