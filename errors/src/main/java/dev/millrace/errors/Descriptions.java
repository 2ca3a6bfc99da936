package dev.millrace.errors;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Short texts for messages: of foreign objects, such as elements, records, and exceptions that
 * functions throw; and of durations.
 *
 * <p>The {@code toString} of such an object may throw, overflow the stack, return null, or return
 * sixty megabytes. A message about one failure must not become another failure because of that, nor
 * fill a log. So an exception of {@code toString} is caught and named in the text. Line breaks and
 * other control characters are escaped, and the text is cut off.
 *
 * <p>Thread-safe. A text costs one call of {@code toString}, and a copy if the text has to be cut
 * off or escaped.
 */
public final class Descriptions {

  /** The longest shown text of an element, in characters. */
  private static final int ELEMENT = 200;

  /**
   * The longest shown text of an exception, in characters. Messages often have a reason to be long.
   */
  private static final int CAUSE = 1000;

  private Descriptions() {}

  /** An element in at most about 200 characters, on one line; never throws. */
  public static String ofElement(@Nullable Object element) {
    return describe(element, ELEMENT);
  }

  /**
   * An exception's class and message in at most about 1,000 characters, on one line; never throws.
   */
  public static String ofCause(@Nullable Throwable cause) {
    return describe(cause, CAUSE);
  }

  /**
   * A duration in the units of a clock, such as "350 µs", "12 ms", "1.2 s", "3 min 5 s", "2 h 7
   * min" or "3 d 4 h". It is cut off, not rounded up. A negative duration counts as zero.
   */
  public static String ofDuration(Duration duration) {
    if (duration.isNegative() || duration.isZero()) {
      return "0 s";
    }
    long seconds = duration.toSeconds();
    int nanos = duration.toNanosPart();
    if (seconds >= 86_400) {
      return "%d d %d h".formatted(duration.toDays(), duration.toHoursPart());
    }
    if (seconds >= 3_600) {
      return "%d h %d min".formatted(duration.toHours(), duration.toMinutesPart());
    }
    if (seconds >= 60) {
      return "%d min %d s".formatted(duration.toMinutes(), duration.toSecondsPart());
    }
    if (seconds > 0) {
      return "%d.%d s".formatted(seconds, nanos / 100_000_000);
    }
    if (nanos >= 1_000_000) {
      return nanos / 1_000_000 + " ms";
    }
    return nanos >= 1_000 ? nanos / 1_000 + " µs" : nanos + " ns";
  }

  private static String describe(@Nullable Object object, int most) {
    if (object == null) {
      return "null";
    }
    try {
      String text = object.toString();
      return text == null ? typeOf(object) + " (its toString returned null)" : shorten(text, most);
    } catch (Throwable e) { // every throwable, also a StackOverflowError
      return "%s (its toString threw %s)".formatted(typeOf(object), e.getClass().getName());
    }
  }

  private static String typeOf(Object object) {
    return object.getClass().getName();
  }

  private static String shorten(String text, int most) {
    if (text.length() <= most) {
      return onOneLine(text);
    }
    int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    return String.format(
        Locale.ROOT, "%s… (%,d characters)", onOneLine(text.substring(0, end)), text.length());
  }

  private static String onOneLine(String text) {
    if (text.chars().noneMatch(Character::isISOControl)) {
      return text;
    }
    var line = new StringBuilder(text.length() + 16);
    text.chars().forEach(each -> append((char) each, line));
    return line.toString();
  }

  private static void append(char each, StringBuilder to) {
    switch (each) {
      case '\n' -> to.append("\\n");
      case '\r' -> to.append("\\r");
      case '\t' -> to.append("\\t");
      default -> {
        if (Character.isISOControl(each)) {
          to.append("\\u%04x".formatted((int) each));
        } else {
          to.append(each);
        }
      }
    }
  }
}
