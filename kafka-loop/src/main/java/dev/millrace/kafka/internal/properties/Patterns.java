package dev.millrace.kafka.internal.properties;

import java.util.regex.Pattern;

/** Combines patterns. */
public final class Patterns {

  private static final int ALLOWED = Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE;

  private Patterns() {}

  /**
   * Matches the texts that match the first pattern, and not the second one.
   *
   * <p>The result is one pattern, because Kafka's consumer subscribes with one pattern, and not
   * with a function.
   *
   * @throws IllegalArgumentException if a pattern has flags other than the ones of letter case
   */
  public static Pattern without(Pattern pattern, Pattern except) {
    return Pattern.compile("(?=%s$)(?!%s$).*".formatted(group(pattern), group(except)));
  }

  /**
   * Matches the texts that match one of the patterns.
   *
   * @throws IllegalArgumentException if a pattern has flags other than the ones of letter case
   */
  public static Pattern either(Pattern pattern, Pattern other) {
    return Pattern.compile("%s|%s".formatted(group(pattern), group(other)));
  }

  private static String group(Pattern pattern) {
    if ((pattern.flags() & ~ALLOWED) != 0) {
      throw new IllegalArgumentException(
          "the pattern '%s' has flags other than CASE_INSENSITIVE and UNICODE_CASE"
              .formatted(pattern));
    }
    String flags =
        ((pattern.flags() & Pattern.CASE_INSENSITIVE) == 0 ? "" : "i")
            + ((pattern.flags() & Pattern.UNICODE_CASE) == 0 ? "" : "u");
    return "(?%s:%s)".formatted(flags, pattern.pattern());
  }
}
