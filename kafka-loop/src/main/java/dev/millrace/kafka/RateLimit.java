package dev.millrace.kafka;

import java.util.Locale;

/**
 * The average rate at which a loop starts handlers. Immutable and thread-safe.
 *
 * <pre>{@code
 * RateLimit.records(500)             // per second
 * RateLimit.bytes(1 << 20)           // per second
 * RateLimit.records(500).andBytes(1 << 20) // both hold
 * }</pre>
 *
 * @param recordsPerSecond in records; {@link Double#POSITIVE_INFINITY} for no limit
 * @param bytesPerSecond in bytes of keys, values and headers; infinite for no limit
 */
public record RateLimit(double recordsPerSecond, double bytesPerSecond) {

  /** No limit: the default. */
  public static final RateLimit NONE =
      new RateLimit(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);

  /**
   * Checks the rates.
   *
   * @throws IllegalArgumentException if a rate is not positive
   */
  public RateLimit {
    positive("records", recordsPerSecond);
    positive("bytes", bytesPerSecond);
  }

  private static void positive(String what, double rate) {
    if (!(rate > 0)) {
      throw new IllegalArgumentException(
          "a rate limit must be more than 0 %s per second, but is %s: pause the loop instead"
              .formatted(what, rate));
    }
  }

  /** At most this number of records per second. */
  public static RateLimit records(double perSecond) {
    return new RateLimit(perSecond, Double.POSITIVE_INFINITY);
  }

  /** At most this number of bytes per second. */
  public static RateLimit bytes(double perSecond) {
    return new RateLimit(Double.POSITIVE_INFINITY, perSecond);
  }

  /** This limit for records, and that number of bytes per second. */
  public RateLimit andBytes(double perSecond) {
    return new RateLimit(recordsPerSecond, perSecond);
  }

  /** Whether there is no limit. */
  public boolean isNone() {
    return equals(NONE);
  }

  /** The limits, for people. */
  @Override
  public String toString() {
    String records = text("records", recordsPerSecond);
    String bytes = text("bytes", bytesPerSecond);
    return isNone() ? "none" : records + (records.isEmpty() || bytes.isEmpty() ? "" : ", ") + bytes;
  }

  private static String text(String what, double rate) {
    return Double.isInfinite(rate) ? "" : String.format(Locale.ROOT, "%s %s/s", number(rate), what);
  }

  private static String number(double rate) {
    return rate == Math.rint(rate) && rate < 1e15
        ? Long.toString((long) rate)
        : Double.toString(rate);
  }
}
