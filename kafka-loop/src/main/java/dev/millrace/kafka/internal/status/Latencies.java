package dev.millrace.kafka.internal.status;

import dev.millrace.kafka.Latency;
import dev.millrace.kafka.internal.partition.Window;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;

/** A histogram of times over the last 30 to 60 seconds. Thread-safe. */
/*
 * A histogram has 16 buckets of the same width for each power of two. So a bucket is at most a 16th
 * as wide as the values in it. This is the idea of Gil Tene's HdrHistogram, with one fixed
 * precision. 960 counters cover all times. There are two histograms: the one that is written to,
 * and the previous one. They change places every 30 seconds. A value that is written during the
 * change may go to either.
 */
final class Latencies {

  private static final int SUB_BITS = 4;
  private static final int SUB = 1 << SUB_BITS;
  private static final int BUCKETS = (Long.SIZE - SUB_BITS) * SUB;
  private static final long PERIOD = Duration.ofSeconds(30).toNanos();

  private record Window(long since, AtomicLongArray counts) {
    Window(long since) {
      this(since, new AtomicLongArray(BUCKETS));
    }
  }

  private record Pair(Window now, Window before) {}

  private final LongSupplier clock;
  private volatile Pair windows;

  /**
   * An empty histogram.
   *
   * @param clock as {@link System#nanoTime}
   */
  Latencies(LongSupplier clock) {
    this.clock = clock;
    long now = clock.getAsLong();
    this.windows = new Pair(new Window(now), new Window(now));
  }

  void record(long nanoseconds) {
    current().now().counts().incrementAndGet(bucket(Math.max(0, nanoseconds)));
  }

  private Pair current() {
    Pair known = windows;
    long time = clock.getAsLong();
    return time - known.now().since() < PERIOD ? known : turn(time);
  }

  private synchronized Pair turn(long time) {
    Pair known = windows;
    long age = time - known.now().since();
    if (age >= PERIOD) {
      known = new Pair(new Window(time), age < 2 * PERIOD ? known.now() : new Window(time));
      windows = known;
    }
    return known;
  }

  Latency now() {
    Pair pair = current();
    long[] counts = new long[BUCKETS];
    long all = 0;
    for (int i = 0; i < BUCKETS; i++) {
      counts[i] = pair.now().counts().get(i) + pair.before().counts().get(i);
      all += counts[i];
    }
    return new Latency(
        all,
        percentile(counts, all, 50),
        percentile(counts, all, 90),
        percentile(counts, all, 99),
        percentile(counts, all, 100));
  }

  private static Duration percentile(long[] counts, long all, int percent) {
    long wanted = (all * percent + 99) / 100;
    long seen = 0;
    for (int i = 0; i < counts.length && wanted > 0; i++) {
      seen += counts[i];
      if (seen >= wanted) {
        return Duration.ofNanos(longest(i));
      }
    }
    return Duration.ZERO;
  }

  private static int bucket(long value) {
    if (value < SUB) {
      return (int) value;
    }
    int shift = Long.SIZE - 1 - SUB_BITS - Long.numberOfLeadingZeros(value);
    return (shift + 1) * SUB + (int) (value >>> shift & SUB - 1);
  }

  /** The longest time that belongs to a bucket. */
  private static long longest(int bucket) {
    if (bucket < SUB) {
      return bucket;
    }
    int shift = bucket / SUB - 1;
    return (((long) SUB + bucket % SUB + 1) << shift) - 1;
  }
}
