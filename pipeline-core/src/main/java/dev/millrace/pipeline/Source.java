package dev.millrace.pipeline;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.context.Context;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.BaseStream;
import org.jspecify.annotations.Nullable;

/**
 * Where the elements of a pipeline come from: opened anew by each run.
 *
 * @param <T> the type of the elements
 */
@FunctionalInterface
public interface Source<T> {

  /** The elements of one run. Used by one thread at a time. */
  interface Cursor<T> extends AutoCloseable {

    /**
     * The next element; null if there are no more. May block; it is interrupted when the run is
     * cancelled or drained. An exception stops the run.
     */
    @Nullable T next() throws Exception;

    /** Lets go of what it holds; called once, whatever has happened. */
    @Override
    default void close() throws Exception {}
  }

  /**
   * Begins a run. An exception stops the run.
   *
   * @param context that of the run
   */
  Cursor<T> open(Context context) throws Exception;

  /** The elements of an iterable, which each run iterates anew. */
  static <T> Source<T> of(Iterable<? extends T> elements) {
    Objects.requireNonNull(elements, "elements");
    return context -> cursor(elements.iterator());
  }

  /** The elements of a stream, such as {@code () -> Files.walk(root)}; the run closes it. */
  static <T> Source<T> stream(Callable<? extends BaseStream<? extends T, ?>> stream) {
    Objects.requireNonNull(stream, "stream");
    return context -> {
      BaseStream<? extends T, ?> opened = stream.call();
      Iterator<? extends T> iterator;
      try {
        iterator = opened.iterator();
      } catch (RuntimeException | Error e) {
        opened.close();
        throw e;
      }
      return new Cursor<>() {
        @Override
        public @Nullable T next() {
          return iterator.hasNext() ? present(iterator.next()) : null;
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
    return context -> function::call;
  }

  /**
   * What is received from a channel until it is closed. If it is closed with a cause, the run stops
   * with that. Two runs share the elements.
   */
  static <T> Source<T> channel(ReceiveChannel<? extends T> channel) {
    Objects.requireNonNull(channel, "channel");
    return context -> channel::receiveOrNull;
  }

  /** The lines of a file in UTF-8. */
  static Source<String> lines(Path file) {
    Objects.requireNonNull(file, "file");
    return context -> {
      BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8);
      return new Cursor<>() {
        @Override
        public @Nullable String next() throws Exception {
          return reader.readLine();
        }

        @Override
        public void close() throws Exception {
          reader.close();
        }
      };
    };
  }

  private static <T> Cursor<T> cursor(Iterator<? extends T> iterator) {
    return () -> iterator.hasNext() ? present(iterator.next()) : null;
  }

  private static <T> T present(@Nullable T element) {
    return Objects.requireNonNull(element, "a source gave a null element");
  }
}
