package dev.millrace.kafka.internal;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A queue of values under rising numbers, found by binary search. A circular array that grows; not
 * safe for use by many threads.
 */
final class Window<T> {

  private long[] numbers = new long[16];
  private @Nullable Object[] values = new @Nullable Object[16];
  private int head;
  private int size;

  int size() {
    return size;
  }

  /** Adds a value; the number is larger than all before. */
  void add(long number, T value) {
    if (size > 0 && number <= numbers[at(size - 1)]) {
      throw new IllegalArgumentException(
          "number " + number + " does not rise: the last one is " + numbers[at(size - 1)]);
    }
    if (size == values.length) {
      grow();
    }
    numbers[at(size)] = number;
    values[at(size)] = value;
    size++;
  }

  @SuppressWarnings("unchecked") // only values of type T are added
  @Nullable T first() {
    return size == 0 ? null : (T) values[head];
  }

  void removeFirst() {
    values[head] = null;
    head = at(1);
    size--;
  }

  /** The value under that number; null if there is none. */
  @SuppressWarnings("unchecked") // only values of type T are added
  @Nullable T find(long number) {
    int low = 0;
    int high = size - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long found = numbers[at(middle)];
      if (found == number) {
        return (T) values[at(middle)];
      }
      if (found < number) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return null;
  }

  /** The place of the i-th value; the length is a power of two. */
  private int at(int i) {
    return (head + i) & (values.length - 1);
  }

  private void grow() {
    int length = values.length;
    long[] moreNumbers = Arrays.copyOf(numbers, 2 * length);
    @Nullable Object[] moreValues = Arrays.copyOf(values, 2 * length);
    System.arraycopy(numbers, 0, moreNumbers, length, head);
    System.arraycopy(values, 0, moreValues, length, head);
    Arrays.fill(moreValues, 0, head, null);
    numbers = moreNumbers;
    values = moreValues;
  }
}
