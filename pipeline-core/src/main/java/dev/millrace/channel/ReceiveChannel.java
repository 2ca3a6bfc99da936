package dev.millrace.channel;

import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The side of a channel that receives.
 *
 * <p>Thread-safe, for platform and virtual threads. An operation that ends with an exception or an
 * error, a stack that overflows included, has not taken an element.
 *
 * @param <T> the type of the elements, which are never null
 */
public sealed interface ReceiveChannel<T> extends Iterable<T> permits Channel, ReceiveOnly {

  /**
   * Takes an element; blocks while there is none.
   *
   * @throws ChannelClosedException if the channel is closed and drained
   * @throws InterruptedException if the thread is interrupted before an element was taken
   */
  T receive() throws InterruptedException;

  /**
   * As {@link #receive()}, and gives up when {@code cancellation} comes. Nothing is taken once it
   * has come.
   *
   * @throws CancellationException if it comes before an element was taken
   */
  T receive(Cancellation cancellation) throws InterruptedException;

  /**
   * Takes an element, or returns null at the end: the form for loops.
   *
   * <pre>{@code
   * for (T element; (element = channel.receiveOrNull()) != null; ) { ... }
   * }</pre>
   *
   * @return null if the channel is drained and was closed without a cause
   * @throws ChannelClosedException if the channel is drained and was closed with a cause
   */
  @Nullable T receiveOrNull() throws InterruptedException;

  /**
   * As {@link #receiveOrNull()}, and gives up when {@code cancellation} comes.
   *
   * @throws CancellationException if it comes before an element was taken
   */
  @Nullable T receiveOrNull(Cancellation cancellation) throws InterruptedException;

  /**
   * Takes an element if that is possible without waiting. Never fails while there is an element or
   * a sender waits.
   *
   * @return null if there is no element now
   * @throws ChannelClosedException if the channel is closed and drained
   */
  @Nullable T tryReceive();

  /**
   * As {@link #receive()}, but waits for {@code timeout} at the most.
   *
   * @return null if no element came in time
   */
  @Nullable T tryReceive(Duration timeout) throws InterruptedException;

  /**
   * Takes elements until the channel is closed and drained. {@code hasNext} blocks, and takes the
   * element that {@code next} then returns. If the thread is interrupted, {@code hasNext} throws a
   * {@link CancellationException} and keeps the interrupt status.
   */
  @Override
  Iterator<T> iterator();

  /** Whether the channel was closed; there may be elements to drain. */
  boolean isClosed();

  /** The cause that the channel was closed with; null if it is open or has no cause. */
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
