package dev.millrace.pipeline;

import dev.millrace.clock.internal.Time;
import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Sources made of other sources.
 *
 * <pre>{@code
 * Source<Tick> ticks =
 *     Sources.restarting(
 *         feed, 10, Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(10)),
 *         IOException.class::isInstance);
 * }</pre>
 *
 * <p>A pipe becomes a source by {@code Source.publisher(pipe.publisher(engine, context), 16)}: each
 * run of the source is then a run of that pipe too.
 *
 * <p>The inner cursors are closed with the cursor of the whole source, as {@link Source} says. If
 * all inner sources are {@linkplain Source#independent independent}, so is the whole source, and a
 * cursor that has failed or ended is closed at once. {@linkplain Source#settling Settling} sources
 * are refused: make the whole source settling instead.
 *
 * <p>The methods are thread-safe, and so are the sources if the inner ones are.
 */
public final class Sources {

  private Sources() {}

  private static <T> Source<T> checked(@Nullable Source<T> source) {
    if (Objects.requireNonNull(source, "a source is null") instanceof SettlingSource<?>) {
      throw new IllegalArgumentException(
          "a settling source cannot be a part of another source: make the whole source settling");
    }
    return source;
  }

  /** Makes the source of each run when that run opens it. May block; an exception stops the run. */
  public static <T> Source<T> defer(Callable<? extends Source<T>> source) {
    Objects.requireNonNull(source, "source");
    return context -> checked(source.call()).open(context);
  }

  /**
   * The elements of several sorted sources, in the order of the comparator. Equal elements come in
   * the order of the sources. Each source must be sorted itself. Otherwise the order is not
   * defined, but no element is lost.
   *
   * <p>Holds one element of each source. One thread reads all sources, so a source that waits holds
   * up the others, as the order demands. A drain or a cancellation loses the held elements: they
   * were read, but never given. So sources that cannot give an element again, such as a channel,
   * lose up to one element each.
   *
   * @throws IllegalArgumentException if there are no sources, or one of them settles
   */
  public static <T> Source<T> mergeSorted(
      List<? extends Source<? extends T>> sources, Comparator<? super T> comparator) {
    Objects.requireNonNull(comparator, "comparator");
    List<Source<? extends T>> all = List.copyOf(sources);
    if (all.isEmpty()) {
      throw new IllegalArgumentException("there are no sources to merge");
    }
    all.forEach(Sources::checked);
    return like(all, context -> new Sorted<T>(all, comparator, context));
  }

  /**
   * The elements of {@code source}; when it fails, the elements of the source that {@code fallback}
   * makes of the exception. Elements that were given stay given. An exception of the second source
   * stops the run. To end the stream at an exception, return {@code Source.of(List.of())}; to stop
   * the run with it, throw it.
   *
   * <p>An {@link Error} and the answer to an interrupt are no failures here: they are passed on.
   */
  public static <T> Source<T> onErrorResume(
      Source<T> source, Function<? super Exception, ? extends Source<T>> fallback) {
    Objects.requireNonNull(fallback, "fallback");
    checked(source);
    return context ->
        new Restarting<>(source, context, false) {
          private boolean hasFailed;

          @Override
          @Nullable Source<T> after(Exception failure) {
            if (hasFailed) {
              return null;
            }
            hasFailed = true;
            return checked(fallback.apply(failure));
          }
        };
  }

  /**
   * The elements of {@code source}, opened again each time it fails: at most {@code restarts} times
   * in a run, and only for exceptions for which the predicate is true. Any other exception stops
   * the run. Elements that were given stay given. A source such as a file gives its elements from
   * the beginning; a channel goes on.
   *
   * <p>Before it is opened again, the thread of the source waits. The wait grows with the number of
   * failures since the last element. A drain or a cancellation ends the wait. Unless the source is
   * independent, the failed cursors stay open until the last of all elements has left the run.
   *
   * @throws IllegalArgumentException if {@code restarts} is negative, or the source settles
   */
  public static <T> Source<T> restarting(
      Source<T> source, int restarts, Backoff backoff, Predicate<? super Exception> retryable) {
    Pipe.atLeast(0, restarts, "the number of restarts");
    Objects.requireNonNull(backoff, "backoff");
    Objects.requireNonNull(retryable, "retryable");
    checked(source);
    boolean isIndependent = source instanceof IndependentSource<?>;
    return like(
        List.of(source),
        context ->
            new Restarting<>(source, context, isIndependent) {
              private int left = restarts;

              @Override
              @Nullable Source<T> after(Exception failure) throws InterruptedException {
                if (left == 0 || !retryable.test(failure)) {
                  return null;
                }
                left--;
                Time.sleep(backoff.delay(failuresInARow(), random()));
                return source;
              }
            });
  }

  /**
   * The elements of the source that gives an element first. The others are interrupted and closed.
   * A source that ends or fails without an element is out of the race. If all are out, the stream
   * ends; if one of them has failed, the run stops with the first failure, and the others are
   * suppressed in the {@link RaceFailedException}.
   *
   * <p>Until an element has come, each source runs in a virtual thread of its own, in the context
   * of the run. The read waits until all sources but the first have answered their interrupt. One
   * element of each of the other sources may be read and lost.
   *
   * @throws IllegalArgumentException if there are no sources, or one of them settles
   */
  public static <T> Source<T> race(List<? extends Source<? extends T>> sources) {
    List<Source<? extends T>> all = List.copyOf(sources);
    if (all.isEmpty()) {
      throw new IllegalArgumentException("there are no sources for a race");
    }
    all.forEach(Sources::checked);
    return like(all, context -> new Race<T>(all, context));
  }

  /**
   * The elements of {@code source}, opened again each time it ends, {@code times} times in all. A
   * source without elements is opened as often. Unless the source is independent, its cursors stay
   * open until the last of all elements has left the run. To repeat without an end, use {@link
   * Long#MAX_VALUE}.
   *
   * @throws IllegalArgumentException if {@code times} is not positive, or the source settles
   */
  public static <T> Source<T> repeat(Source<T> source, long times) {
    Pipe.atLeast(1, times, "the number of times");
    checked(source);
    boolean isIndependent = source instanceof IndependentSource<?>;
    return like(
        List.of(source),
        context ->
            new Restarting<>(source, context, isIndependent) {
              private long left = times;

              @Override
              @Nullable Source<T> after(Exception failure) {
                return null;
              }

              @Override
              boolean goesOn() {
                return --left > 0;
              }
            });
  }

  /** A source that is independent if all of these are. */
  private static <T> Source<T> like(List<? extends Source<?>> parts, Source<T> whole) {
    return parts.stream().allMatch(IndependentSource.class::isInstance)
        ? Source.independent(whole)
        : whole;
  }

  /** Closes all; throws the first exception. */
  static void closeAll(Iterable<? extends AutoCloseable> all) throws Exception {
    Exception first = null;
    for (AutoCloseable each : all) {
      try {
        each.close();
      } catch (Exception e) {
        first = first == null ? e : first;
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /** Merges sorted cursors. */
  private static final class Sorted<T> implements Source.Cursor<T> {

    private record Head<T>(T element, int source) {}

    private final Deque<Source.Cursor<? extends T>> opened = new ArrayDeque<>();
    private final List<Source.Cursor<? extends T>> cursors = new ArrayList<>();
    private final PriorityQueue<Head<T>> heads;

    /** The source whose element was given last, and whose next one is still to be read; or -1. */
    private int next = -1;

    private boolean started;

    Sorted(List<Source<? extends T>> sources, Comparator<? super T> comparator, Context context)
        throws Exception {
      Comparator<Head<T>> byElement = (a, b) -> comparator.compare(a.element(), b.element());
      heads = new PriorityQueue<>(byElement.thenComparingInt(Head::source));
      boolean areOpen = false;
      try {
        for (Source<? extends T> source : sources) {
          Source.Cursor<? extends T> cursor =
              Objects.requireNonNull(source.open(context), "the source opened null");
          cursors.add(cursor);
          opened.addFirst(cursor);
        }
        areOpen = true;
      } finally {
        if (!areOpen) {
          close();
        }
      }
    }

    // Reads on only when the next element is wanted: a source may wait long.
    @Override
    public @Nullable T next() throws Exception {
      if (!started) {
        for (int i = 0; i < cursors.size(); i++) {
          read(i);
        }
        started = true;
      } else if (next >= 0) {
        read(next);
      }
      Head<T> least = heads.poll();
      next = least == null ? -1 : least.source();
      return least == null ? null : least.element();
    }

    private void read(int source) throws Exception {
      T element = cursors.get(source).next();
      if (element != null) {
        heads.add(new Head<>(element, source));
      }
    }

    @Override
    public void close() throws Exception {
      closeAll(opened);
    }
  }
}
