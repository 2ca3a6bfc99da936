package dev.millrace.testkit.soak;

import java.util.ArrayList;
import java.util.List;

/**
 * A quantity that goes up and down, and must not grow from wave to wave. The lowest value of the
 * second half of the waves is compared with the lowest value of the first half.
 *
 * <p>The heap goes up and down by some caches of the JVM, and by ended threads in the queues of the
 * scheduler of virtual threads. A leak raises the lowest value too.
 */
final class Floor {

  private static final int FEW = 6;

  private final int warmUp;
  private final List<Long> seen = new ArrayList<>();
  private int skipped;

  /**
   * A floor without values.
   *
   * @param warmUp the number of first values that are ignored: classes, code and caches are created
   *     then
   */
  Floor(int warmUp) {
    this.warmUp = warmUp;
  }

  void add(long value) {
    if (skipped < warmUp) {
      skipped++;
    } else {
      seen.add(value);
    }
  }

  /** The rise (or, if negative, the fall) of the floor; 0 if there are too few values. */
  long growth() {
    int half = seen.size() / 2;
    return seen.size() < FEW
        ? 0
        : lowest(seen.subList(seen.size() - half, seen.size())) - lowest(seen.subList(0, half));
  }

  private static long lowest(List<Long> values) {
    return values.stream().mapToLong(value -> value).min().orElseThrow();
  }
}
