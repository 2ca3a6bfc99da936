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
 * Takes the elements of a pipeline and makes the result of the run. Each run opens it anew.
 *
 * <p>A sink is thread-safe if its functions are: several runs may use it at once.
 *
 * @param <T> the type of the elements
 * @param <R> the type of the result
 */
@FunctionalInterface
public interface Sink<T, R extends @Nullable Object> {

  /** The state of one run. Not thread-safe: one thread at a time uses it. */
  interface Receiver<T, R extends @Nullable Object> extends AutoCloseable {

    /**
     * Takes an element; may block. An exception stops the run.
     *
     * @return whether more elements are wanted
     */
    boolean accept(T element) throws Exception;

    /**
     * The result, after the last element; may block. Not called if the run is cancelled or fails.
     * An exception stops the run.
     */
    R finish() throws Exception;

    /**
     * The number of the latest elements that are not safe yet: the receiver makes them safe when it
     * takes more elements, or in {@link #finish}. Held elements are not settled. Default: 0, an
     * element is settled when {@link #accept} has returned. {@link Integer#MAX_VALUE}: only {@link
     * #finish} makes the elements safe.
     *
     * <p>The run calls this after each element, but only if a source {@linkplain Source#settling
     * settles} its elements or has a resource. A resource stays open as long as its elements are
     * held here. With {@link Integer#MAX_VALUE} it does not stay open: then {@link #accept} must
     * have read everything that it needs of the element.
     */
    default int holds() {
      return 0;
    }

    /** Releases the resources of the receiver. Called exactly once, however the run ends. */
    @Override
    default void close() throws Exception {}
  }

  /**
   * Opens the sink for a run. An exception stops the run.
   *
   * @param context the context of the run
   */
  Receiver<T, R> open(Context context) throws Exception;

  /**
   * Completes a pipe with this sink; {@link Pipe#to} calls it. A sink overrides it to put stages of
   * its own in front of its end. A failure in such a stage is a failure of an element, and the
   * failure policy of the pipe applies. Default: the pipe, and this sink.
   */
  default Pipeline<R> complete(Pipe<? extends T> pipe) {
    return pipe.end(this);
  }

  /** Folds the elements into a state. */
  @FunctionalInterface
  interface Fold<S, T> {
    /** Computes the next state from the last state and an element. */
    S apply(S state, T element) throws Exception;
  }

  /** Starts with an initial state and folds each element into it. The result is the last state. */
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

  /** Calls the consumer with each element. The result is the number of elements. */
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

  /** Counts the elements. The result is their number. */
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

  /** The first element, or empty if there is none. The first element ends the run. */
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

  /** The result of a collector, such as {@code Collectors.groupingBy}. */
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
   * Writes each element to a file in UTF-8, followed by a line feed. The result is the number of
   * elements.
   *
   * <p>The file is written as a whole or not at all. The lines go to a temporary file in the same
   * directory. After the last element, the temporary file is forced to the disk and atomically
   * replaces the file. If the run ends early, the temporary file is deleted, and an existing file
   * is not changed. If the directory does not exist, the run stops with a {@link
   * java.nio.file.NoSuchFileException}.
   */
  static Sink<CharSequence, Long> lines(Path file) {
    Path checked = PartialFile.checked(file);
    return context -> FileLines.open(checked);
  }

  /**
   * Sends each element to a channel; blocks while the channel is full. Closes the channel at the
   * end; if the run ends early, with the cause. The result is the number of elements.
   */
  static <T> Sink<T, Long> channel(SendChannel<? super T> channel) {
    return new ChannelSink<>(channel);
  }
}
