package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.internal.offsets.OffsetRanges;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The records of a partition, from the first unsettled one on. Not thread-safe. */
/*
 * A circular array that grows. Each record has a number, one more than the record before it. Its
 * place in the array is this number modulo the length, which is a power of two. So a record is
 * found in constant time, although offsets have gaps. A settled record has a null value. Settled
 * records at the front leave at once, so the first record is never settled.
 */
public final class Window<T> {

  private long[] offsets = new long[16];
  private @Nullable Object[] values = new @Nullable Object[16];
  private long head;
  private int size;
  private int settled;

  /** The number of records, settled ones included. */
  int size() {
    return size;
  }

  /** The number of the first record. It changes when that record is settled. */
  long first() {
    return head;
  }

  /** The value of the first record, of which there must be one. */
  @SuppressWarnings("unchecked") // only such values are added, and the first is not settled
  T firstValue() {
    return (T) Objects.requireNonNull(values[place(head)]);
  }

  /**
   * Adds a record that is not settled.
   *
   * @return its number
   * @throws IllegalArgumentException if its offset is not larger than all before
   */
  long add(long offset, T value) {
    append(offset, value);
    return head + size - 1;
  }

  /** Adds a record that is settled already. */
  void addSettled(long offset) {
    if (size > 0) {
      append(offset, null);
      settled++;
    }
  }

  private void append(long offset, @Nullable T value) {
    if (size > 0 && offset <= offset(size - 1)) {
      throw new IllegalArgumentException(
          "offset " + offset + " does not rise: the last one is " + offset(size - 1));
    }
    if (size == values.length) {
      grow();
    }
    int place = place(head + size);
    offsets[place] = offset;
    values[place] = value;
    size++;
  }

  /** Whether the number has this value, and is not settled. */
  boolean holds(long number, T value) {
    return number >= head && number < head + size && values[place(number)] == value;
  }

  /** Settles the record with this number; false if it is settled already. */
  boolean settle(long number) {
    if (number < head || number >= head + size || values[place(number)] == null) {
      return false;
    }
    values[place(number)] = null;
    settled++;
    while (size > 0 && values[place(head)] == null) {
      head++;
      size--;
      settled--;
    }
    return true;
  }

  /** Settles the records that match. No listener is notified. */
  @SuppressWarnings("unchecked") // only such values are added
  void forgetIf(Predicate<? super T> condition) {
    long end = head + size;
    for (long number = head; number < end; number++) {
      T value = (T) values[place(number)];
      if (value != null && condition.test(value)) {
        settle(number);
      }
    }
  }

  /** The offset of the i-th record, from 0. */
  long offset(int i) {
    return offsets[place(head + i)];
  }

  /** The settled records as ranges; a gap in the offsets belongs to the record before it. */
  OffsetRanges settledRanges() {
    if (settled == 0) {
      return OffsetRanges.EMPTY;
    }
    long[] edges = new long[2 * settled];
    int n = 0;
    boolean inside = false;
    int left = settled;
    for (int i = 0; i < size && (left > 0 || inside); i++) {
      boolean isSettled = values[place(head + i)] == null;
      if (isSettled != inside) {
        edges[n++] = offset(i);
        inside = isSettled;
      }
      left -= isSettled ? 1 : 0;
    }
    if (inside) {
      edges[n++] = offset(size - 1) + 1;
    }
    return new OffsetRanges(Arrays.copyOf(edges, n));
  }

  private int place(long number) {
    return (int) number & (values.length - 1);
  }

  private void grow() {
    int length = values.length;
    long[] moreOffsets = new long[2 * length];
    @Nullable Object[] moreValues = new @Nullable Object[2 * length];
    for (long number = head; number < head + size; number++) {
      int to = (int) number & (2 * length - 1);
      moreOffsets[to] = offsets[place(number)];
      moreValues[to] = values[place(number)];
    }
    offsets = moreOffsets;
    values = moreValues;
  }
}
