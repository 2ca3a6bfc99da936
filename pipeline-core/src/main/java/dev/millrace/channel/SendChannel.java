package dev.millrace.channel;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The sending side of a channel, which also closes it. The creator of a channel closes it.
 *
 * <p>Thread-safe, for platform and virtual threads. An operation that throws any exception has not
 * sent its element.
 *
 * @param <T> the type of the elements; null is refused with a {@link NullPointerException}
 */
public sealed interface SendChannel<T> permits Channel {

  /**
   * Sends an element; blocks while there is no room for it and no receiver waits.
   *
   * @throws ChannelClosedException if the channel is closed, or is closed while this call waits
   * @throws InterruptedException if the thread is interrupted before the element was sent
   */
  void send(T element) throws InterruptedException;

  /**
   * Like {@link #send(Object)}, but stops waiting when {@code cancellation} is cancelled. After
   * that, the element is not sent.
   *
   * @throws CancellationException if it is cancelled before the element was sent
   */
  void send(T element, Cancellation cancellation) throws InterruptedException;

  /**
   * Sends an element without waiting. It always sends the element if the buffer has room or a
   * receiver waits.
   *
   * @return whether the element was sent
   * @throws ChannelClosedException if the channel is closed
   */
  boolean trySend(T element);

  /**
   * Like {@link #send(Object)}, but waits at most for {@code timeout}.
   *
   * @return whether the element was sent
   */
  boolean trySend(T element, Duration timeout) throws InterruptedException;

  /**
   * Closes the channel. Waiting and later sends throw a {@link ChannelClosedException}. Receivers
   * get the buffered elements, and then the end of the channel. Idempotent; does not block.
   */
  void close();

  /**
   * Like {@link #close()}, with a cause. After the last element, receivers get a {@link
   * ChannelClosedException} with {@code cause} as its cause.
   */
  void close(Throwable cause);

  /** Whether the channel is closed. */
  boolean isClosed();

  /**
   * The cause with which the channel was closed; null if it is open or was closed without a cause.
   */
  @Nullable Throwable closeCause();

  /** The number of elements that are buffered now. */
  int size();

  /**
   * The maximum number of buffered elements; 0 for a rendezvous, {@link Integer#MAX_VALUE} if
   * unbounded.
   */
  int capacity();

  /** How many senders wait now. */
  int waitingSenders();

  /** How many receivers wait now. */
  int waitingReceivers();
}
