package dev.millrace.channel;

import dev.millrace.channel.internal.Closing;
import dev.millrace.channel.internal.Inbox;
import dev.millrace.channel.internal.Lines;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A function that sends elements to a channel: the way from an {@code Iterable}, a {@code Stream},
 * an {@code InputStream} or a {@code Flow.Publisher} into channels.
 *
 * <p>A producer has no thread. It runs in the thread that calls {@link #produce}, such as a task of
 * a group, and blocks it while the channel takes nothing; {@code dev.millrace.sync.Generator} gives
 * it a thread that ends when nobody reads any more. A producer is as thread-safe as what it reads
 * from; those made here from an iterator, a stream or an input run once.
 *
 * <p>A producer ends early by an exception: an {@link InterruptedException} if its thread is
 * interrupted, a {@link ChannelClosedException} if the channel is closed. The producers made here
 * then release what they read from. They hold one element at a time (but see the prefetch of {@link
 * #from(Flow.Publisher, int)}), and one that was not sent when they end early is gone.
 *
 * @param <T> the type of the elements; null is refused
 */
@FunctionalInterface
public interface Producer<T> {

  /** The maximum of {@link #lines(InputStream)}, in characters: 1,048,576. */
  int MAXIMUM_LINE_LENGTH = 1 << 20;

  /**
   * Sends the elements, in the calling thread, and returns after the last one. Blocks while the
   * channel takes nothing. Leaves the channel open: the party that made the channel closes it.
   *
   * @throws ChannelClosedException if the channel is closed
   * @throws InterruptedException if the thread is interrupted
   * @throws Exception if an element cannot be read, or the input cannot be closed. If both fail, a
   *     {@link dev.millrace.errors.NotedException}: its cause is the failure to read, its note the
   *     failure to close
   */
  void produce(SendChannel<? super T> out) throws Exception;

  /**
   * Sends the elements of a new iterator, each time it runs; closes the iterator if it is {@link
   * AutoCloseable}, at the end and on an early one. The iterable itself belongs to the caller.
   */
  static <T> Producer<T> from(Iterable<? extends T> elements) {
    Objects.requireNonNull(elements, "elements");
    return out -> {
      Iterator<? extends T> iterator = elements.iterator();
      if (iterator instanceof AutoCloseable closeable) {
        Closing.afterwards(closeable, () -> sendAll(iterator, out));
      } else {
        sendAll(iterator, out);
      }
    };
  }

  /**
   * Sends what is left in the iterator, which belongs to the caller. It takes an element when the
   * one before was sent.
   */
  static <T> Producer<T> from(Iterator<? extends T> elements) {
    Objects.requireNonNull(elements, "elements");
    return out -> sendAll(elements, out);
  }

  /**
   * Sends the elements of the stream, lazily and in order, and closes the stream, at the end and on
   * an early one. Runs once, as the stream does; a parallel stream is made sequential.
   */
  static <T> Producer<T> from(Stream<? extends T> elements) {
    return new StreamProducer<>(Objects.requireNonNull(elements, "elements"));
  }

  /** As {@link #lines(InputStream, Charset)}, in UTF-8. */
  static Producer<String> lines(InputStream in) {
    return lines(in, StandardCharsets.UTF_8);
  }

  /** As {@link #lines(InputStream, Charset, int)}, up to {@link #MAXIMUM_LINE_LENGTH}. */
  static Producer<String> lines(InputStream in, Charset charset) {
    return lines(in, charset, MAXIMUM_LINE_LENGTH);
  }

  /**
   * Sends the lines of a text, without their ends (a line feed, a carriage return, or both), each
   * as soon as its end was read, and closes the input, at the end and on an early one. The last
   * line needs no end.
   *
   * <p>An input that is not text in {@code charset}, or has a longer line, ends the producer with
   * an {@link IOException} that tells which line it is; the lines before it have been sent. A read
   * that ignores interrupts, such as one of a process's output, delays an early end until it
   * returns.
   *
   * @param maximumLength of a line, in characters
   */
  static Producer<String> lines(InputStream in, Charset charset, int maximumLength) {
    Objects.requireNonNull(in, "in");
    Objects.requireNonNull(charset, "charset");
    if (maximumLength < 1) {
      throw new IllegalArgumentException(
          "the maximum length of a line must be at least 1, but is " + maximumLength);
    }
    return out ->
        Closing.afterwards(
            in,
            () -> {
              var lines = new Lines(in, charset, maximumLength);
              for (String line; (line = lines.next()) != null; ) {
                out.send(line);
              }
            });
  }

  /**
   * Subscribes to the publisher, each time it runs, and sends what comes. An early end cancels the
   * subscription; what the publisher fails with is thrown.
   *
   * <p>Obeys the rules of Reactive Streams (§2): it requests {@code prefetch} elements, and as many
   * again as it has sent, so that there are never more than {@code prefetch} that are requested or
   * under way but not yet in the channel. It never blocks a thread of the publisher.
   *
   * @param prefetch at least 1
   */
  static <T> Producer<T> from(Flow.Publisher<? extends T> publisher, int prefetch) {
    Objects.requireNonNull(publisher, "publisher");
    if (prefetch < 1) {
      throw new IllegalArgumentException("prefetch must be at least 1, but is " + prefetch);
    }
    return out -> {
      var inbox = new Inbox<T>(prefetch);
      inbox.run(() -> publisher.subscribe(inbox), out);
    };
  }

  private static <T> void sendAll(Iterator<? extends T> elements, SendChannel<? super T> out)
      throws InterruptedException {
    for (long index = 0; elements.hasNext(); index++) {
      out.send(nonNull(elements.next(), index));
    }
  }

  /** The element, if it is one. */
  private static <T> T nonNull(@Nullable T element, long index) {
    if (element == null) {
      throw Channels.nullElement(index);
    }
    return element;
  }
}
