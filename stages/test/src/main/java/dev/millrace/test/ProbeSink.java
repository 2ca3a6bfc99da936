package dev.millrace.test;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Sink;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A sink that keeps the elements for a test, and takes as many as the test requests. Its result is
 * the list of all elements. It serves one run. For pipelines with sinks of their own; {@link Probe}
 * has one already.
 *
 * <p>Thread-safe. The methods for the test do not block. In the run, the sink blocks while nothing
 * is requested; an interrupt ends that.
 *
 * @param <T> the type of the elements
 */
public final class ProbeSink<T> implements Sink<T, List<T>> {

  final Waiting waiting;
  private final List<T> taken = new ArrayList<>();
  private long requested;
  private boolean opened;
  private boolean closed;
  private boolean wantsNoMore;
  private @Nullable Exception failure;

  private ProbeSink(Waiting waiting, long requested) {
    this.waiting = waiting;
    this.requested = requested;
  }

  /** A sink that takes all elements at once. */
  public static <T> ProbeSink<T> open() {
    return unbounded(new Waiting());
  }

  /** A sink that takes no element until the test calls {@link #request}. */
  public static <T> ProbeSink<T> paused() {
    return paused(new Waiting());
  }

  static <T> ProbeSink<T> unbounded(Waiting waiting) {
    return new ProbeSink<>(waiting, Long.MAX_VALUE);
  }

  static <T> ProbeSink<T> paused(Waiting waiting) {
    return new ProbeSink<>(waiting, 0);
  }

  /**
   * Takes this many more elements.
   *
   * @throws IllegalArgumentException if {@code elements} is less than 1
   */
  public void request(long elements) {
    if (elements < 1) {
      throw new IllegalArgumentException(
          "at least one element must be requested, but not " + elements);
    }
    waiting.change(
        () -> {
          requested = elements > Long.MAX_VALUE - requested ? Long.MAX_VALUE : requested + elements;
        });
  }

  /** The next element is the last one: the sink wants no more, and the run ends early. */
  public void stopAfterNext() {
    waiting.change(
        () -> {
          wantsNoMore = true;
        });
  }

  /** The sink throws this exception for the next element, which stops the run. */
  public void failOnNext(Exception thrown) {
    waiting.change(
        () -> {
          failure = Objects.requireNonNull(thrown, "thrown");
        });
  }

  /** The elements so far, in the order in which they came. */
  public List<T> taken() {
    return waiting.read(() -> List.copyOf(taken));
  }

  /** Whether the run has closed the sink. */
  public boolean isClosed() {
    return waiting.read(() -> closed);
  }

  /** For the run. */
  @Override
  public Receiver<T, List<T>> open(Context context) {
    waiting.change(
        () -> {
          if (opened) {
            throw new IllegalStateException("a probe's sink serves one run: make a new one");
          }
          opened = true;
        });
    return new Receiver<>() {
      @Override
      public boolean accept(T element) throws Exception {
        return take(element);
      }

      @Override
      public List<T> finish() {
        return taken();
      }

      @Override
      public void close() {
        waiting.change(
            () -> {
              closed = true;
            });
      }
    };
  }

  private boolean take(T element) throws Exception {
    waiting.lock.lockInterruptibly();
    try {
      waiting.awaitWhile(() -> requested == 0);
      if (requested < Long.MAX_VALUE) {
        requested--;
      }
      if (failure != null) {
        throw failure;
      }
      taken.add(element);
      waiting.signal();
      return !wantsNoMore;
    } finally {
      waiting.lock.unlock();
    }
  }
}
