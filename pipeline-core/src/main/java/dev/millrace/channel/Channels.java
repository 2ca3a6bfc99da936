package dev.millrace.channel;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Conversions between channels and other types of the JDK, without a thread: to a {@code Stream} or
 * a {@code List}, and from futures. {@link Producer} has the ways into a channel. {@code
 * dev.millrace.sync} has the conversions that need a thread.
 *
 * <p>Thread-safe.
 */
public final class Channels {

  private Channels() {}

  /**
   * The elements of the channel, as an ordered, sequential stream. The stream takes each element
   * lazily, and ends when the channel is closed and drained. A terminal operation blocks while the
   * channel has no element. It throws the same exceptions as {@link ReceiveChannel#iterator()}.
   *
   * <p>A stream that ends early leaves the other elements in the channel. Closing the stream has no
   * effect. To stop the sender of the channel when the stream is closed, register a {@link
   * Stream#onClose}. The stream of a {@code dev.millrace.sync.Generator} does this.
   */
  public static <T> Stream<T> stream(ReceiveChannel<T> channel) {
    return StreamSupport.stream(new Taking<>(channel.iterator()), false);
  }

  /** Never splits: the split part would take elements that the stream may never use. */
  private record Taking<T>(Iterator<T> elements) implements Spliterator<T> {

    @Override
    public boolean tryAdvance(Consumer<? super T> action) {
      boolean some = elements.hasNext();
      if (some) {
        action.accept(elements.next());
      }
      return some;
    }

    @Override
    public @Nullable Spliterator<T> trySplit() {
      return null;
    }

    @Override
    public long estimateSize() {
      return Long.MAX_VALUE;
    }

    @Override
    public int characteristics() {
      return ORDERED | NONNULL;
    }
  }

  /**
   * Takes all elements until the channel is closed and drained; blocks until it is. If it throws,
   * the elements received so far are lost; use {@link #drainTo} to keep them.
   *
   * @throws ChannelClosedException if the channel was closed with a cause
   * @throws CancellationException if {@code cancellation} comes before the end
   */
  public static <T> List<T> toList(ReceiveChannel<T> channel, Cancellation cancellation)
      throws InterruptedException {
    var elements = new ArrayList<T>();
    drainTo(channel, elements, cancellation);
    return elements;
  }

  /**
   * Adds all elements to {@code target} until the channel is closed and drained; blocks until it
   * is. Each element is added as soon as it is received, so an exception loses no element.
   *
   * @throws ChannelClosedException if the channel was closed with a cause
   * @throws CancellationException if {@code cancellation} comes before the end
   */
  public static <T> void drainTo(
      ReceiveChannel<T> channel, Collection<? super T> target, Cancellation cancellation)
      throws InterruptedException {
    Objects.requireNonNull(target, "target");
    for (T element; (element = channel.receiveOrNull(cancellation)) != null; ) {
      target.add(element);
    }
  }

  /**
   * A channel that gets the value of the future and is then closed. If the future fails or is
   * cancelled, the channel is closed with that exception as the cause. A null value counts as a
   * failure. Does not block.
   */
  public static <T> ReceiveChannel<T> from(CompletionStage<? extends T> future) {
    return asCompleted(List.of(future));
  }

  /**
   * A channel that gets the values of all futures, in the order in which they complete. It is
   * closed after the last value. The first future that fails closes the channel with its exception
   * as the cause, after the values that came before. Later values are not sent; they stay in their
   * futures. Does not block.
   */
  public static <T> ReceiveChannel<T> asCompleted(
      Collection<? extends CompletionStage<? extends T>> futures) {
    var all = List.copyOf(futures);
    Channel<T> channel = Channel.buffered(all.size());
    if (all.isEmpty()) {
      channel.close();
    }
    var left = new AtomicInteger(all.size());
    for (CompletionStage<? extends T> future : all) {
      var _ =
          future.whenComplete(
              (value, failure) -> {
                if (failure != null) {
                  channel.close(unwrap(failure));
                } else if (value == null) {
                  channel.close(
                      new NullPointerException("a future has completed with null: no element"));
                } else {
                  sendUnlessClosed(channel, value);
                }
                if (left.decrementAndGet() == 0) {
                  channel.close();
                }
              });
    }
    return channel.receiveOnly();
  }

  private static <T> void sendUnlessClosed(Channel<T> channel, T value) {
    try {
      channel.trySend(value); // there is room for all
    } catch (ChannelClosedException e) {
      // Another future has failed.
    }
  }

  private static Throwable unwrap(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause : failure;
  }

  static NullPointerException nullElement(long index) {
    return new NullPointerException(
        "element %d (counted from 0) is null, which a channel does not carry".formatted(index));
  }
}
