package dev.millrace.pipeline;

import dev.millrace.channel.Producer;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Ticker;
import dev.millrace.channel.internal.Inbox;
import dev.millrace.channel.internal.Lines;
import dev.millrace.context.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Flow;
import java.util.stream.BaseStream;
import org.jspecify.annotations.Nullable;

/**
 * Where the elements of a pipeline come from: opened anew by each run.
 *
 * <p>A cursor may hold a resource, such as an archive, that its elements need: the run closes the
 * cursor when the last of its elements has left the run. An element has left when the sink has
 * taken it and does not {@linkplain Sink.Receiver#holds hold} it, a stage has dropped it, or its
 * failure was handled; and so have all elements that stages have made of it. What a run leaves
 * behind, because a branch wants no more or the run is stopped, keeps its cursor open until the run
 * ends.
 *
 * <p>To keep track costs an object for each element and stage, if the cursor has a {@link
 * Cursor#close close} of its own and a stage follows that runs in another thread or keeps elements,
 * such as {@code mapParallel} or {@code batch}. It costs nothing otherwise. See {@link
 * #independent}.
 *
 * @param <T> the type of the elements
 */
@FunctionalInterface
public interface Source<T> {

  /** The elements of one run. Used by one thread at a time. */
  interface Cursor<T> extends AutoCloseable {

    /**
     * The next element; null if there are no more. May block; it is interrupted when the run is
     * cancelled or drained. An exception stops the run, as {@link Source#onFailure()} says.
     */
    @Nullable T next() throws Exception;

    /**
     * Lets go of what it holds; called exactly once, however the run ends, when the last of its
     * elements has left the run. An exception stops the run.
     */
    @Override
    default void close() throws Exception {}
  }

  /**
   * Begins a run. An exception stops the run, as {@link #onFailure()} says.
   *
   * @param context that of the run
   */
  Cursor<T> open(Context context) throws Exception;

  /** What a run does when this source throws. Default: {@link SourceFailure#FAIL_FAST}. */
  default SourceFailure onFailure() {
    return SourceFailure.FAIL_FAST;
  }

  /** The same elements, with another policy for the case that this source throws. */
  default Source<T> onFailure(SourceFailure policy) {
    Objects.requireNonNull(policy, "policy");
    Source<T> source = this;
    return new Source<>() {
      @Override
      public Cursor<T> open(Context context) throws Exception {
        return source.open(context);
      }

      @Override
      public SourceFailure onFailure() {
        return policy;
      }
    };
  }

  /**
   * The same source, for elements that do not need it open: its cursor is closed as soon as it has
   * given its last element. Cheaper than what the run does otherwise, and the resource is free
   * earlier. {@link #lines}, {@link #walk}, {@link #ticks}, {@link #channel}, {@link #publisher}
   * and {@link #generate} are such sources.
   */
  static <T> Source<T> independent(Source<T> source) {
    Objects.requireNonNull(source, "source");
    if (source instanceof SettlingSource<?>) {
      throw new IllegalArgumentException(
          "a settling source stays open until the run has ended: make the source in it"
              + " independent");
    }
    return new IndependentSource<>() {
      @Override
      public Cursor<T> open(Context context) throws Exception {
        return source.open(context);
      }

      @Override
      public SourceFailure onFailure() {
        return source.onFailure();
      }
    };
  }

  /**
   * The elements of an iterable, which each run iterates anew. If the iterator is {@link
   * AutoCloseable}, the run closes it. The iterable itself belongs to the caller.
   */
  static <T> Source<T> of(Iterable<? extends T> elements) {
    Objects.requireNonNull(elements, "elements");
    return elements instanceof Collection<? extends T>
        ? (IndependentSource<T>) context -> cursor(elements.iterator())
        : context -> cursor(elements.iterator());
  }

  /**
   * The elements of an iterator, which the function makes for each run, and may take from anywhere.
   * If it is {@link AutoCloseable}, the run closes it.
   */
  static <T> Source<T> iterator(Callable<? extends Iterator<? extends T>> iterator) {
    Objects.requireNonNull(iterator, "iterator");
    return context -> cursor(Objects.requireNonNull(iterator.call(), "the iterator is null"));
  }

  /**
   * The elements of a stream, such as {@code () -> Files.list(folder)}; the run closes it. An
   * {@link UncheckedIOException} of the stream is thrown as its cause.
   */
  static <T> Source<T> stream(Callable<? extends BaseStream<? extends T, ?>> stream) {
    Objects.requireNonNull(stream, "stream");
    return context -> {
      BaseStream<? extends T, ?> opened =
          Objects.requireNonNull(stream.call(), "the stream is null");
      Iterator<? extends T> iterator;
      try {
        iterator = opened.iterator();
      } catch (RuntimeException | Error e) {
        opened.close();
        throw e;
      }
      return new Cursor<>() {
        @Override
        public @Nullable T next() throws IOException {
          try {
            return iterator.hasNext() ? present(iterator.next()) : null;
          } catch (UncheckedIOException e) {
            throw e.getCause();
          }
        }

        @Override
        public void close() {
          opened.close();
        }
      };
    };
  }

  /** What a function returns, until it returns null. */
  static <T> Source<T> generate(Callable<? extends @Nullable T> function) {
    Objects.requireNonNull(function, "function");
    return (IndependentSource<T>) context -> function::call;
  }

  /**
   * What is received from a channel until it is closed. If it is closed with a cause, the run stops
   * with that. Two runs share the elements.
   */
  static <T> Source<T> channel(ReceiveChannel<? extends T> channel) {
    Objects.requireNonNull(channel, "channel");
    return (IndependentSource<T>) context -> channel::receiveOrNull;
  }

  /**
   * What a publisher publishes; each run subscribes to it, and cancels the subscription if it ends
   * early. What the publisher fails with stops the run.
   *
   * @param prefetch how many elements are requested or under way at the most; at least 1
   */
  static <T> Source<T> publisher(Flow.Publisher<? extends T> publisher, int prefetch) {
    Objects.requireNonNull(publisher, "publisher");
    Pipe.atLeast(1, prefetch, "prefetch");
    return (IndependentSource<T>)
        context -> {
          var inbox = new Inbox<T>(prefetch);
          boolean open = false;
          try {
            inbox.open(() -> publisher.subscribe(inbox));
            open = true;
          } finally {
            if (!open) {
              inbox.close();
            }
          }
          return new Cursor<>() {
            @Override
            public @Nullable T next() throws Exception {
              return inbox.next();
            }

            @Override
            public void close() {
              inbox.close();
            }
          };
        };
  }

  /** The lines of a file in UTF-8; as {@link #lines(Callable, Charset)}. */
  static Source<String> lines(Path file) {
    Objects.requireNonNull(file, "file");
    return lines(() -> Files.newInputStream(file), StandardCharsets.UTF_8);
  }

  /**
   * The lines of a text, without their ends (a line feed, a carriage return, or both). Each run
   * opens the input anew, and closes it.
   *
   * <p>An input that is not text in {@code charset}, or has a line of more than {@link
   * Producer#MAXIMUM_LINE_LENGTH} characters, stops the run with an {@link IOException} that tells
   * which line it is. A read that ignores interrupts, such as one of a process's output, delays the
   * end of a cancelled run until it returns.
   */
  static Source<String> lines(Callable<? extends InputStream> input, Charset charset) {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(charset, "charset");
    return (IndependentSource<String>)
        context -> {
          InputStream in = Objects.requireNonNull(input.call(), "the input is null");
          var lines = new Lines(in, charset, Producer.MAXIMUM_LINE_LENGTH);
          return new Cursor<>() {
            @Override
            public @Nullable String next() throws IOException {
              return lines.next();
            }

            @Override
            public void close() throws IOException {
              in.close();
            }
          };
        };
  }

  /**
   * The files and directories under {@code root}, and itself, as {@link Files#walk(Path,
   * FileVisitOption...)} finds them: lazily, each directory before what is in it. A directory that
   * can not be read stops the run with the {@link IOException} that names it, so that what was not
   * seen is not taken for what is not there.
   */
  @SuppressWarnings("StreamResourceLeak") // the run closes it
  static Source<Path> walk(Path root, FileVisitOption... options) {
    Objects.requireNonNull(root, "root");
    FileVisitOption[] copy = Objects.requireNonNull(options, "options").clone();
    for (FileVisitOption option : copy) {
      Objects.requireNonNull(option, "an option is null");
    }
    return independent(stream(() -> Files.walk(root, copy)));
  }

  /**
   * The time, every so often, for ever: the first tick comes one {@code period} after the beginning
   * of the run. A pipeline that is slow finds one tick waiting, the first that it has missed; the
   * others are dropped. See {@link Ticker}.
   *
   * @throws IllegalArgumentException if {@code period} is not positive
   */
  static Source<Instant> ticks(Duration period) {
    Objects.requireNonNull(period, "period");
    if (!period.isPositive()) {
      throw new IllegalArgumentException("the period must be positive, but is " + period);
    }
    return (IndependentSource<Instant>)
        context -> {
          var ticker = Ticker.every(period);
          return new Cursor<>() {
            @Override
            public @Nullable Instant next() throws InterruptedException {
              return ticker.ticks().receiveOrNull();
            }

            @Override
            public void close() {
              ticker.close();
            }
          };
        };
  }

  /**
   * The elements of a source that wants to be told of their end: such as one whose elements come
   * again if nobody says that they need not.
   *
   * <p>An element is settled when all that the stages have made of it has come to its end: was
   * taken by the sink, dropped by a stage on purpose, or has failed and was handed to whoever gets
   * the failure. What the run leaves behind, because it was cancelled, has failed, or wanted no
   * more, is abandoned at its end. So is what a {@code window} has not filled. A stage of one's own
   * should say what it {@linkplain dev.millrace.pipeline.graph.Transform#holds holds}; a sink that
   * makes elements safe later than it takes them, {@linkplain Sink.Receiver#holds too}.
   *
   * <p>The cursor of the source is closed after the run, when all that it gave is settled or
   * abandoned. The stages, the failures and the report know nothing of all this. An element costs
   * an object for each stage that it passes, and a few atomic operations.
   */
  static <T> Source<T> settling(Source<T> source, Settlement<? super T> settlement) {
    return new SettlingSource<>(source, settlement);
  }

  private static <T> Cursor<T> cursor(Iterator<? extends T> iterator) {
    if (!(iterator instanceof AutoCloseable closeable)) {
      return () -> next(iterator);
    }
    return new Cursor<>() {
      @Override
      public @Nullable T next() {
        return Source.next(iterator);
      }

      @Override
      public void close() throws Exception {
        closeable.close();
      }
    };
  }

  private static <T> @Nullable T next(Iterator<? extends T> iterator) {
    return iterator.hasNext() ? present(iterator.next()) : null;
  }

  private static <T> T present(@Nullable T element) {
    return Objects.requireNonNull(element, "a source gave a null element");
  }
}
