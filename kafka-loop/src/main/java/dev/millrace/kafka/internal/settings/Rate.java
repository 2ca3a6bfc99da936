package dev.millrace.kafka.internal.settings;

import dev.millrace.kafka.RateLimit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The permits of a {@link RateLimit}. Thread-safe, with one short lock. */
final class Rate {

  private final RateLimit limit;
  private final @Nullable Bucket records; // guarded by this
  private final @Nullable Bucket bytes; // guarded by this

  Rate(RateLimit limit, LongSupplier clock) {
    this.limit = limit;
    this.records = bucket(limit.recordsPerSecond(), clock);
    this.bytes = bucket(limit.bytesPerSecond(), clock);
  }

  private static @Nullable Bucket bucket(double perSecond, LongSupplier clock) {
    return Double.isInfinite(perSecond) ? null : new Bucket(perSecond, clock);
  }

  RateLimit limit() {
    return limit;
  }

  /** The time until a record may be handed out, in nanoseconds; 0 if one may be now. */
  synchronized long untilFree() {
    return Math.max(
        records == null ? 0 : records.untilFree(), bytes == null ? 0 : bytes.untilFree());
  }

  /** Takes the permit of one record, if it is free now. Its bytes follow. */
  synchronized long enter() {
    long left = untilFree();
    if (left == 0 && records != null) {
      records.take(1);
    }
    return left;
  }

  /** There was no record for the permit. */
  synchronized void missed() {
    if (records != null) {
      records.giveBack();
    }
  }

  /** The record of the permit has these bytes, and that number of records comes with it. */
  synchronized void took(int more, long size) {
    if (records != null && more > 0) {
      records.take(more);
    }
    if (bytes != null) {
      bytes.take((double) size);
    }
  }
}
