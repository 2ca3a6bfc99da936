package dev.millrace.kafka.internal.text;

import dev.millrace.errors.ErrorCode;

/**
 * Describes failures on one short line, for logs, events and headers. Thread-safe; never throws,
 * even if the exception's own methods do.
 */
public final class Brief {

  /** Longest description, in characters. Long enough for the messages of Kafka and of drivers. */
  private static final int LIMIT = 500;

  private Brief() {}

  /** The class and the message of a failure; at most 500 characters. */
  public static String of(Throwable failure) {
    try {
      return line(failure.toString(), LIMIT);
    } catch (
        Throwable e) { // thrown by the application's class: the text is not worth another failure
      return failure.getClass().getName() + " (its toString threw " + e.getClass().getName() + ")";
    }
  }

  /** The text of an object, on one line. */
  public static String text(Object object, int limit) {
    try {
      return line(object.toString(), limit);
    } catch (Throwable e) {
      return object.getClass().getName() + " (its toString threw " + e.getClass().getName() + ")";
    }
  }

  /** The message of a failure; empty if it has none. */
  public static String message(Throwable failure, int limit) {
    try {
      String message = failure.getMessage();
      return message == null ? "" : cut(message, limit);
    } catch (Throwable e) {
      return "(its getMessage threw " + e.getClass().getName() + ")";
    }
  }

  /**
   * The {@link ErrorCode} of a failure: stands for its message where the message must not be shown.
   */
  public static String code(Throwable failure) {
    try {
      return ErrorCode.of(failure).code();
    } catch (Throwable e) { // thrown by the application's class
      return ErrorCode.of(failure.getClass().getName()).code();
    }
  }

  /** The text without line ends, and not longer than the limit. */
  private static String line(String text, int limit) {
    return cut(text, limit).replaceAll("\\R", " ");
  }

  private static String cut(String text, int limit) {
    if (text.length() <= limit) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(limit - 1)) ? limit - 1 : limit;
    return text.substring(0, end) + "…";
  }
}
