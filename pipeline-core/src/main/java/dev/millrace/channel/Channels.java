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
 * The ways between channels and the rest of the JDK that need no thread: to a {@code Stream} or a
 * {@code List}, and from futures. {@link Producer} has those into a channel, {@code
 * dev.millrace.sync} those that need a thread.
 *
 * <p>Safe for use by many threads.
 */
public final class Channels {

  private Channels() {}

  /**
   * The elements of the channel, as an ordered, sequential stream that takes each when it is asked
   * for it, and ends when the channel is closed and drained. What waits for an element blocks; the
   * exceptions are those of {@link ReceiveChannel#iterator()}.
   *
   * <p>A stream that ends early leaves the other elements in the channel. It owns nothing, so
   * closing it does nothing: whoever feeds the channel is to be stopped by {@link Stream#onClose},
   * as the stream of a {@code dev.millrace.sync.Generator} does.
   */
  public static <T> Stream<T> stream(ReceiveChannel<T> channel) {
    return StreamSupport.stream(new Taking<>(channel.iterator()), false);
  }

  /** Splits never, because a part that is cut off would take elements that nobody may ask for. */
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
   * Takes all elements until the channel is closed and drained; blocks until it is. An exception
   * takes those that were received so far with it: {@link #drainTo} keeps them.
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
   * is. Each element is added as soon as it is received, so that none is lost by an exception.
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
   * A channel of the one value that the future will have, closed after it. If the future fails or
   * is cancelled, that is the cause with which the channel is closed; a null is a failure.
   */
  public static <T> ReceiveChannel<T> from(CompletionStage<? extends T> future) {
    return asCompleted(List.of(future));
  }

  /**
   * A channel of the values of all the futures, in the order in which they complete, closed after
   * the last one. The first future that fails closes it with that cause, behind the values that
   * were there before; the values that come later stay with their futures.
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
