package dev.millrace.channel;

import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The receiving side of a channel.
 *
 * <p>Thread-safe, for platform and virtual threads. An operation that throws any exception has not
 * taken an element.
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
   * Like {@link #receive()}, but stops waiting when {@code cancellation} is cancelled. After that,
   * no element is taken.
   *
   * @throws CancellationException if it is cancelled before an element was taken
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
   * Like {@link #receiveOrNull()}, but stops waiting when {@code cancellation} is cancelled.
   *
   * @throws CancellationException if it is cancelled before an element was taken
   */
  @Nullable T receiveOrNull(Cancellation cancellation) throws InterruptedException;

  /**
   * Takes an element without waiting. It always takes one if an element is buffered or a sender
   * waits.
   *
   * @return null if there is no element now
   * @throws ChannelClosedException if the channel is closed and drained
   */
  @Nullable T tryReceive();

  /**
   * Like {@link #receive()}, but waits at most for {@code timeout}.
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

  /** Whether the channel is closed. It may still have buffered elements. */
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

  /** The number of senders that wait now. */
  int waitingSenders();

  /** The number of receivers that wait now. */
  int waitingReceivers();
}
