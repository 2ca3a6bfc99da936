package dev.millrace.pipeline;

import dev.millrace.pipeline.Pipes.Tagged;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Emits the latest elements of all pipes, once each pipe has given one. Not thread-safe.
 *
 * <p>Before the first list, it holds the latest element of each pipe. {@link #holds} can only name
 * the last elements that came in. So it names all since the oldest one that is held.
 */
final class Latest<T> implements Transform<Tagged<T>, List<T>> {

  private final @Nullable T[] latest;

  /** The number of elements that had come before the latest one of each pipe; -1 for none. */
  private final long[] places;

  private int missing;
  private long count;

  @SuppressWarnings("unchecked") // only T goes in
  Latest(int pipes) {
    latest = (T[]) new Object[pipes];
    places = new long[pipes];
    Arrays.fill(places, -1);
    missing = pipes;
  }

  // Before the first list, a new element replaces the one before, which counts as dropped.
  @Override
  public Outcome accept(Tagged<T> element, Emitter<? super List<T>> out) {
    int pipe = element.pipe();
    boolean isFirst = places[pipe] < 0;
    boolean replaces = missing > 0 && !isFirst;
    latest[pipe] = element.element();
    places[pipe] = count++;
    missing -= isFirst ? 1 : 0;
    if (missing == 0) {
      out.emit(all());
    }
    return replaces ? Outcome.DROPPED : Outcome.USED;
  }

  private List<T> all() {
    List<T> all = new ArrayList<>();
    for (T each : latest) {
      all.add(Transforms.result(each));
    }
    return all;
  }

  /**
   * If a pipe ends without an element, no list was emitted: the elements of the other pipes are
   * left.
   */
  @Override
  public int leftOver() {
    return missing == 0 ? 0 : latest.length - missing;
  }

  @Override
  public int holds() {
    if (missing == 0) {
      return 0;
    }
    long oldest = count;
    for (long place : places) {
      oldest = place < 0 ? oldest : Math.min(oldest, place);
    }
    return (int) Math.min(count - oldest, ALL - 1);
  }
}
