package dev.millrace.sync;

import dev.millrace.channel.Cancellation;
import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import java.time.Duration;
import java.util.concurrent.CancellationException;

/**
 * A mutex made of a channel that holds one token: whoever has taken the token has the lock.
 *
 * <pre>{@code
 * try (var held = lock.lock()) {
 *   balance += amount;
 * }
 * }</pre>
 *
 * <p>That makes it a lock that can wait for other things at the same time: {@link #token()} is a
 * clause for {@link dev.millrace.channel.Select}, and a wait ends with a {@link Cancellation}.
 * Where neither is needed, {@link java.util.concurrent.locks.ReentrantLock} is faster.
 *
 * <p>First come, first served. Not reentrant: a thread that locks twice waits for itself. The lock
 * belongs to no thread: any thread may unlock it. Safe for use by many threads; what happens before
 * an unlock happens before the next lock returns. An uncontended lock or unlock takes two
 * compare-and-sets, and allocates nothing.
 */
public final class ChannelLock {

  /** The lock, held: closing it unlocks. To be closed once. */
  public interface Held extends AutoCloseable {
    /**
     * As {@link ChannelLock#unlock}.
     *
     * @throws IllegalStateException if the lock is not locked
     */
    @Override
    void close();
  }

  private final Channel<Held> token = Channel.buffered(1);
  private final Held held = this::unlock;

  /** Unlocked. */
  public ChannelLock() {
    token.trySend(held);
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
   * As {@link #lock()}, and gives up when {@code cancellation} comes.
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
   * As {@link #lock()}, but waits for {@code timeout} at the most.
   *
   * @return whether this thread has the lock now, and has to {@link #unlock} it
   */
  public boolean tryLock(Duration timeout) throws InterruptedException {
    return token.tryReceive(timeout) != null;
  }

  /**
   * Unlocks; the one that has waited longest has the lock then. Does not block.
   *
   * @throws IllegalStateException if the lock is not locked
   */
  public void unlock() {
    if (!token.trySend(held)) {
      throw new IllegalStateException("unlock of a lock that is not locked");
    }
  }

  /** Whether it is locked, by whichever thread: for monitoring. */
  public boolean isLocked() {
    return token.size() == 0;
  }

  /** Whoever receives the token has the lock: a clause for a select. */
  public ReceiveChannel<Held> token() {
    return token;
  }
}
