package dev.millrace.benchmarks;

import java.util.Iterator;

/**
 * Numbers from 0, and the functions of the pipelines.
 *
 * @param mask 127: small numbers, which are boxed in advance; -1: all numbers, each in a new box
 */
record Numbers(int count, int mask) implements Iterable<Integer> {

  /** Small numbers. */
  Numbers(int count) {
    this(count, 127);
  }

  /** Numbers in boxes of their own. */
  static Numbers inBoxes(int count) {
    return new Numbers(count, -1);
  }

  @Override
  public Iterator<Integer> iterator() {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < count;
      }

      @Override
      public Integer next() {
        return next++ & mask;
      }
    };
  }

  static Integer plus(Integer n) {
    return n + 1 & 127;
  }

  static Integer next(Integer n) {
    return n + 1;
  }

  static boolean isEven(Integer n) {
    return (n & 1) == 0;
  }

  static boolean isBig(Integer n) {
    return n > 3;
  }
}
