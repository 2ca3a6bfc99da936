package dev.millrace.benchmarks;

import java.util.Iterator;

/** Small numbers, boxed in advance, and the functions of the pipelines. */
record Numbers(int count) implements Iterable<Integer> {

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
        return next++ & 127;
      }
    };
  }

  static Integer plus(Integer n) {
    return n + 1 & 127;
  }

  static boolean isBig(Integer n) {
    return n > 3;
  }
}
