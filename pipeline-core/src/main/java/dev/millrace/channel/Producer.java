package dev.millrace.channel;

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
 * a group. It blocks this thread while the channel has no room. {@code dev.millrace.sync.Generator}
 * runs a producer in a thread of its own, which ends when the reader stops reading.
 *
 * <p>A producer ends early by an exception: an {@link InterruptedException} if its thread is
 * interrupted, a {@link ChannelClosedException} if the channel is closed. The producers of this
 * type then release their inputs. They hold one element at a time; {@link #from(Flow.Publisher,
 * int)} holds more. If a producer ends early, an element that it holds is lost.
 *
 * @param <T> the type of the elements; null is refused
 */
@FunctionalInterface
public interface Producer<T> {

  /** The maximum of {@link #lines(InputStream)}, in characters: 1,048,576. */
  int MAXIMUM_LINE_LENGTH = 1 << 20;

  /**
   * Sends the elements, in the calling thread, and returns after the last one. Leaves the channel
   * open: its creator closes it. Blocks while the channel has no room.
   *
   * @throws ChannelClosedException if the channel is closed
   * @throws InterruptedException if the thread is interrupted
   * @throws Exception if the elements cannot be read
   */
  void produce(SendChannel<? super T> out) throws Exception;

  /**
   * Sends the elements of a new iterator each time it runs. If the iterator is {@link
   * AutoCloseable}, closes it at the end, also at an early end. It does not close the iterable
   * itself.
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
   * Sends the remaining elements of the iterator, and does not close it. It takes an element after
   * the previous one was sent.
   */
  static <T> Producer<T> from(Iterator<? extends T> elements) {
    Objects.requireNonNull(elements, "elements");
    return out -> sendAll(elements, out);
  }

  /**
   * Sends the elements of the stream, lazily and in order. Closes the stream at the end, also at an
   * early end. It can run only once, as a stream can. A parallel stream is made sequential.
   */
  static <T> Producer<T> from(Stream<? extends T> elements) {
    return new StreamProducer<>(Objects.requireNonNull(elements, "elements"));
  }

  /** Like {@link #lines(InputStream, Charset)}, in UTF-8. */
  static Producer<String> lines(InputStream in) {
    return lines(in, StandardCharsets.UTF_8);
  }

  /** Like {@link #lines(InputStream, Charset, int)}, up to {@link #MAXIMUM_LINE_LENGTH}. */
  static Producer<String> lines(InputStream in, Charset charset) {
    return lines(in, charset, MAXIMUM_LINE_LENGTH);
  }

  /**
   * Sends the lines of a text, without their line ends (a line feed, a carriage return, or both).
   * It sends each line as soon as it has read the line end. The last line needs no line end. Closes
   * the input at the end, also at an early end.
   *
   * <p>If the input is not valid in {@code charset}, or has a longer line, the producer throws an
   * {@link IOException} that names the line. The lines before it have been sent. Some reads ignore
   * interrupts, such as a read of a process's output. Such a read delays an early end until it
   * returns.
   *
   * @param maximumLength the maximum length of a line, in characters
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
   * Subscribes to the publisher each time it runs, and sends its elements. An early end cancels the
   * subscription. The producer throws the exception of an {@code onError}.
   *
   * <p>Obeys the rules of Reactive Streams (§2): it requests {@code prefetch} elements first, and
   * then requests again the number of elements that it has sent. So at most {@code prefetch}
   * elements are requested, or received and not yet in the channel. The producer never blocks a
   * thread of the publisher.
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
      Closing.afterwards(
          inbox,
          () -> {
            inbox.open(() -> publisher.subscribe(inbox));
            for (T element; (element = inbox.next()) != null; ) {
              out.send(element);
            }
          });
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
