package dev.millrace.kafka.internal.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts the most frequent elements of a stream, with a bounded number of counters. Not
 * thread-safe.
 */
/*
 * The algorithm is Space-Saving: Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent
 * and Top-k Elements in Data Streams", ICDT 2005. A new element takes the place of the element with
 * the least count, and inherits this count as its possible error. So a count is never too low, and
 * too high by at most n / capacity after n elements. An element with more than n / capacity
 * occurrences has a counter.
 *
 * The counters are a heap with the least count at the top, and a map to find them. A step costs one
 * look-up, and at most log2(capacity) swaps, because a count rises by one.
 */
final class SpaceSaving<T> {

  /**
   * An element with its count.
   *
   * @param error how much the count may be too high
   */
  record Count<T>(T element, long count, long error) {}

  private static final class Counter<T> {
    private T element;
    private long count;
    private long error;
    private int place;

    private Counter(T element, int place) {
      this.element = element;
      this.place = place;
    }
  }

  private final int capacity;
  private final Map<T, Counter<T>> counters = new HashMap<>();
  private final List<Counter<T>> heap = new ArrayList<>();

  SpaceSaving(int capacity) {
    this.capacity = capacity;
  }

  void add(T element) {
    Counter<T> counter = counters.get(element);
    if (counter == null) {
      counter = heap.size() < capacity ? added(element) : replaced(element);
    }
    counter.count++;
    sink(counter);
  }

  private Counter<T> added(T element) {
    var counter = new Counter<>(element, heap.size());
    heap.add(counter);
    counters.put(element, counter);
    for (Counter<T> above; counter.place > 0; swap(counter, above)) { // its count is 0
      above = heap.get((counter.place - 1) / 2);
      if (above.count == 0) {
        break;
      }
    }
    return counter;
  }

  private Counter<T> replaced(T element) {
    Counter<T> least = heap.getFirst();
    counters.remove(least.element);
    counters.put(element, least);
    least.element = element;
    least.error = least.count;
    return least;
  }

  private void sink(Counter<T> counter) {
    while (true) {
      int left = 2 * counter.place + 1;
      if (left >= heap.size()) {
        return;
      }
      Counter<T> below = heap.get(left);
      if (left + 1 < heap.size() && heap.get(left + 1).count < below.count) {
        below = heap.get(left + 1);
      }
      if (below.count >= counter.count) {
        return;
      }
      swap(counter, below);
    }
  }

  private void swap(Counter<T> one, Counter<T> other) {
    int place = one.place;
    one.place = other.place;
    other.place = place;
    heap.set(one.place, one);
    heap.set(other.place, other);
  }

  /** All counts, in no order. */
  List<Count<T>> counts() {
    return heap.stream().map(one -> new Count<>(one.element, one.count, one.error)).toList();
  }
}
