package dev.millrace.testkit.soak;

import java.util.ArrayList;
import java.util.List;

/**
 * A quantity that must not grow from wave to wave; a straight line is put through what was seen.
 */
final class Trend {

  private final int warmUp;
  private final List<Long> seen = new ArrayList<>();
  private int skipped;

  /**
   * @param warmUp how many values are not looked at: what is made once is made then
   */
  Trend(int warmUp) {
    this.warmUp = warmUp;
  }

  void add(long value) {
    if (skipped < warmUp) {
      skipped++;
    } else {
      seen.add(value);
    }
  }

  /** By how much the line has risen from the first value to the last; 0 if there are too few. */
  double growth() {
    int n = seen.size();
    if (n < 3) {
      return 0;
    }
    double middle = (n - 1) / 2.0;
    double mean = seen.stream().mapToLong(value -> value).average().orElseThrow();
    double covariance = 0;
    double variance = 0;
    for (int i = 0; i < n; i++) {
      covariance += (i - middle) * (seen.get(i) - mean);
      variance += (i - middle) * (i - middle);
    }
    return covariance / variance * (n - 1);
  }
}
