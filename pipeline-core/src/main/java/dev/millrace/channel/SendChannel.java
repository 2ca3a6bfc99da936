package dev.millrace.channel;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The side of a channel that sends and closes. The party that makes a channel closes it.
 *
 * <p>Thread-safe, for platform and virtual threads. An operation that ends with an exception or an
 * error, a stack that overflows included, has not sent its element. One that returns normally has.
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
   * As {@link #send(Object)}, and gives up when {@code cancellation} comes. Nothing is sent once it
   * has come.
   *
   * @throws CancellationException if it comes before the element was sent
   */
  void send(T element, Cancellation cancellation) throws InterruptedException;

  /**
   * Sends an element if that is possible without waiting. Never fails while there is room or a
   * receiver waits.
   *
   * @return whether the element was sent
   * @throws ChannelClosedException if the channel is closed
   */
  boolean trySend(T element);

  /**
   * As {@link #send(Object)}, but waits for {@code timeout} at the most.
   *
   * @return whether the element was sent
   */
  boolean trySend(T element, Duration timeout) throws InterruptedException;

  /**
   * Closes the channel. Later and waiting sends fail. Receivers get the buffered elements; after
   * them, their operations report that the channel is closed. Idempotent; does not block.
   */
  void close();

  /**
   * As {@link #close()}, and receivers get {@code cause} after the last element, as the cause of a
   * {@link ChannelClosedException}.
   */
  void close(Throwable cause);

  /** Whether the channel was closed. */
  boolean isClosed();

  /** The cause given to {@link #close(Throwable)}; null if the channel is open or has no cause. */
  @Nullable Throwable closeCause();

  /** How many elements are buffered now. */
  int size();

  /**
   * How many elements can be buffered; 0 for a rendezvous, {@link Integer#MAX_VALUE} for no bound.
   */
  int capacity();

  /** How many senders wait now. */
  int waitingSenders();

  /** How many receivers wait now. */
  int waitingReceivers();
}
