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
 * The origin of the elements of a pipeline. Each run opens it anew. A source is thread-safe if its
 * functions are: several runs may open it at once.
 *
 * <p>A cursor may hold a resource that its elements need, such as an archive. So the run closes the
 * cursor when the last of its elements has left the run. An element has left the run when the sink
 * has taken it and does not {@linkplain Sink.Receiver#holds hold} it, when a stage has dropped it,
 * or when its failure was handled. The same must be true of all elements that stages have made of
 * it. If an element is lost, because a branch wants no more or the run is stopped, its cursor stays
 * open until the run ends.
 *
 * <p>Cost: one object for each element and stage, if two conditions are met. The cursor has a
 * {@link Cursor#close close} of its own, and a later stage runs in another thread or keeps
 * elements, such as {@code mapParallel} or {@code batch}. Otherwise it costs nothing. See {@link
 * #independent}.
 *
 * @param <T> the type of the elements
 */
@FunctionalInterface
public interface Source<T> {

  /** The elements of one run. Not thread-safe: one thread at a time uses it. */
  interface Cursor<T> extends AutoCloseable {

    /**
     * The next element; null if there are no more elements. May block. The call is interrupted when
     * the run is cancelled or drained. An exception stops the run; {@link Source#onFailure()}
     * decides how.
     */
    @Nullable T next() throws Exception;

    /**
     * Releases the resources of the cursor. Called exactly once, however the run ends, when the
     * last of its elements has left the run. An exception stops the run.
     */
    @Override
    default void close() throws Exception {}
  }

  /**
   * Opens the source for a run; may block. An exception stops the run; {@link #onFailure()} decides
   * how.
   *
   * @param context the context of the run
   */
  Cursor<T> open(Context context) throws Exception;

  /**
   * The reaction of a run to an exception of this source. Default: {@link SourceFailure#FAIL_FAST}.
   */
  default SourceFailure onFailure() {
    return SourceFailure.FAIL_FAST;
  }

  /** The same source, with another reaction to its exceptions. */
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
   * The same source, for elements that do not need its cursor open. The run closes the cursor as
   * soon as it has given its last element. So the run need not track the elements, and the resource
   * is released earlier. {@link #lines}, {@link #walk}, {@link #ticks}, {@link #channel}, {@link
   * #publisher} and {@link #generate} are such sources.
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
   * The elements of an iterable. Each run iterates it anew. If the iterator is {@link
   * AutoCloseable}, the run closes it. The run does not close the iterable itself.
   */
  static <T> Source<T> of(Iterable<? extends T> elements) {
    Objects.requireNonNull(elements, "elements");
    return elements instanceof Collection<? extends T>
        ? (IndependentSource<T>) context -> IteratorCursor.of(elements.iterator())
        : context -> IteratorCursor.of(elements.iterator());
  }

  /**
   * The elements of an iterator. The function is called once for each run. If the iterator is
   * {@link AutoCloseable}, the run closes it.
   */
  static <T> Source<T> iterator(Callable<? extends Iterator<? extends T>> iterator) {
    Objects.requireNonNull(iterator, "iterator");
    return context ->
        IteratorCursor.of(Objects.requireNonNull(iterator.call(), "the iterator is null"));
  }

  /**
   * The elements of a stream, such as {@code () -> Files.list(folder)}. The run closes the stream.
   * If the stream throws an {@link UncheckedIOException}, the source throws the {@link IOException}
   * that is its cause.
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
            return iterator.hasNext() ? IteratorCursor.present(iterator.next()) : null;
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

  /** The results of a function, until it returns null. */
  static <T> Source<T> generate(Callable<? extends @Nullable T> function) {
    Objects.requireNonNull(function, "function");
    return (IndependentSource<T>) context -> function::call;
  }

  /**
   * The elements of a channel, until it is closed. If the channel is closed with a cause, the run
   * stops with that cause. Two runs on one channel share its elements: each element goes to one of
   * them.
   */
  static <T> Source<T> channel(ReceiveChannel<? extends T> channel) {
    return new ChannelSource<>(channel, SourceFailure.FAIL_FAST);
  }

  /**
   * The elements of a publisher. Each run subscribes to it, and cancels the subscription if the run
   * ends early. An {@code onError} stops the run with its exception.
   *
   * @param prefetch the maximum number of elements that are requested or wait in the source; at
   *     least 1
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

  /** The lines of a file in UTF-8; see {@link #lines(Callable, Charset)}. */
  static Source<String> lines(Path file) {
    Objects.requireNonNull(file, "file");
    return lines(() -> Files.newInputStream(file), StandardCharsets.UTF_8);
  }

  /**
   * The lines of a text, without their line ends (a line feed, a carriage return, or both). Each
   * run opens the input anew, and closes it.
   *
   * <p>The run stops with an {@link IOException} if the input is not valid in {@code charset}, or
   * has a line of more than {@link Producer#MAXIMUM_LINE_LENGTH} characters. The message names the
   * line. Some reads ignore interrupts, such as a read of a process's output. Such a read delays
   * the end of a cancelled run until it returns.
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
   * {@code root}, and the files and directories below it, as {@link Files#walk(Path,
   * FileVisitOption...)} finds them: lazily, each directory before its entries. If a directory
   * cannot be read, the run stops with an {@link IOException} that names it. So a run that
   * completes has seen all files.
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
   * The current time, once in each {@code period}, without an end. The first tick comes one {@code
   * period} after the start of the run. For a slow pipeline, at most one tick waits: the first that
   * it has missed. Later ones are dropped. See {@link Ticker}.
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
   * The elements of a source, with a callback for the end of each element. For sources that
   * redeliver elements which are not acknowledged.
   *
   * <p>An element is settled when each element that the stages have made of it has ended. An
   * element ends when the sink has taken it, a stage has dropped it on purpose, or a handler has
   * taken its failure. All other elements are abandoned at the end of the run: because the run was
   * cancelled, has failed or wanted no more, or because a {@code window} was not full.
   *
   * <p>A stage of your own should override {@link dev.millrace.pipeline.transform.Transform#holds}.
   * So should a sink that makes elements safe later than it takes them ({@link
   * Sink.Receiver#holds}).
   *
   * <p>The cursor of the source is closed after the run, when all its elements are settled or
   * abandoned. Stages, failures and reports are the same as without settlement. Cost: one object
   * for each element and stage, and a few atomic operations.
   */
  static <T> Source<T> settling(Source<T> source, Settlement<? super T> settlement) {
    return new SettlingSource<>(source, settlement);
  }
}
