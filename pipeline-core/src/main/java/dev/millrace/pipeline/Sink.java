package dev.millrace.pipeline;

import dev.millrace.channel.SendChannel;
import dev.millrace.context.Context;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.Collector;
import org.jspecify.annotations.Nullable;

/**
 * Where the elements of a pipeline go, and what becomes of them: opened anew by each run.
 *
 * @param <T> the type of the elements
 * @param <R> the type of the result
 */
@FunctionalInterface
public interface Sink<T, R extends @Nullable Object> {

  /** The state of one run. Used by one thread at a time. */
  interface Receiver<T, R extends @Nullable Object> extends AutoCloseable {

    /**
     * Takes an element; may block. An exception stops the run.
     *
     * @return whether more elements are wanted
     */
    boolean accept(T element) throws Exception;

    /** The result, after the last element; not called if the run is cancelled. */
    R finish() throws Exception;

    /**
     * How many of the elements that came last are not safe before it has taken more, or has
     * finished: all, {@link Integer#MAX_VALUE}, if only {@link #finish} makes them so. None by
     * default: an element has come to its end when it was accepted. Asked after each element, if a
     * source wants to be told of that, see {@link Source#settling}, or has a resource: the resource
     * stays open for elements that are held here, but not for {@link Integer#MAX_VALUE}, which is
     * taken to mean that the elements are used when they are accepted.
     */
    default int holds() {
      return 0;
    }

    /** Lets go of what it holds; called once, whatever has happened. */
    @Override
    default void close() throws Exception {}
  }

  /**
   * Begins a run. An exception stops the run.
   *
   * @param context that of the run
   */
  Receiver<T, R> open(Context context) throws Exception;

  /** Folds the elements into a state. */
  @FunctionalInterface
  interface Fold<S, T> {
    /** The next state, given the last one and an element. */
    S apply(S state, T element) throws Exception;
  }

  /** Begins with a state and folds each element into it; the result is the last state. */
  static <T, S> Sink<T, S> fold(Supplier<? extends S> initial, Fold<S, ? super T> fold) {
    Objects.requireNonNull(initial, "initial");
    Objects.requireNonNull(fold, "fold");
    return context ->
        new Receiver<>() {
          private S state = initial.get();

          @Override
          public boolean accept(T element) throws Exception {
            state = fold.apply(state, element);
            return true;
          }

          @Override
          public S finish() {
            return state;
          }
        };
  }

  /** Calls the consumer with each element; the result is their number. */
  static <T> Sink<T, Long> forEach(StageConsumer<? super T> consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return context ->
        new Receiver<>() {
          private long count;

          @Override
          public boolean accept(T element) throws Exception {
            consumer.accept(element);
            count++;
            return true;
          }

          @Override
          public Long finish() {
            return count;
          }
        };
  }

  /** Counts the elements. */
  static <T> Sink<T, Long> count() {
    return forEach(element -> {});
  }

  /** All elements, as a list that the caller owns; they must fit into memory. */
  static <T> Sink<T, List<T>> toList() {
    return fold(
        ArrayList::new,
        (list, element) -> {
          list.add(element);
          return list;
        });
  }

  /** The first element, if there is one; then the run ends. */
  static <T> Sink<T, Optional<T>> first() {
    return context ->
        new Receiver<>() {
          private Optional<T> first = Optional.empty();

          @Override
          public boolean accept(T element) {
            first = Optional.of(element);
            return false;
          }

          @Override
          public Optional<T> finish() {
            return first;
          }
        };
  }

  /** What a collector makes of the elements, such as {@code Collectors.groupingBy}. */
  static <T, A extends @Nullable Object, R extends @Nullable Object> Sink<T, R> collect(
      Collector<? super T, A, R> collector) {
    Objects.requireNonNull(collector, "collector");
    return context -> {
      A state = collector.supplier().get();
      BiConsumer<A, ? super T> accumulator = collector.accumulator();
      return new Receiver<>() {
        @Override
        public boolean accept(T element) {
          accumulator.accept(state, element);
          return true;
        }

        @Override
        public R finish() {
          return collector.finisher().apply(state);
        }
      };
    };
  }

  /**
   * Writes each element to a file in UTF-8, with a line feed behind it; the result is their number.
   *
   * <p>The file is there as a whole or not at all: the lines go to a temporary file beside it,
   * which takes the place of the file after the last element, when it is safely on the disk. If the
   * run ends early, the temporary file is removed, and what was there before stays. A directory
   * that does not exist stops the run with a {@link java.nio.file.NoSuchFileException}.
   */
  static Sink<CharSequence, Long> lines(Path file) {
    Objects.requireNonNull(file, "file");
    if (file.toAbsolutePath().getFileName() == null) {
      throw new IllegalArgumentException("the file must not be a root, but is " + file);
    }
    return context -> FileLines.open(file);
  }

  /**
   * Sends each element to a channel, and closes it at the end: with the cause, if the run ends
   * early. The result is the number of elements.
   */
  static <T> Sink<T, Long> channel(SendChannel<? super T> channel) {
    Objects.requireNonNull(channel, "channel");
    return context ->
        new Receiver<>() {
          private long count;

          @Override
          public boolean accept(T element) throws InterruptedException {
            channel.send(element);
            count++;
            return true;
          }

          @Override
          public Long finish() {
            channel.close();
            return count;
          }

          @Override
          public void close() {
            Throwable cause = context.cause();
            if (cause == null) {
              channel.close();
            } else {
              channel.close(cause);
            }
          }
        };
  }
}
