package dev.millrace.kafka.internal.settings;

import java.util.Set;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.UnsupportedForMessageFormatException;

/** Send failures that happen again whenever the same record is sent to the same topic. */
public final class Refusals {

  private static final Set<Class<?>> ALL =
      Set.of(
          RecordTooLargeException.class,
          RecordBatchTooLargeException.class,
          InvalidTopicException.class,
          InvalidRecordException.class,
          InvalidTimestampException.class,
          UnsupportedForMessageFormatException.class);

  private static final Set<Class<?>> SIZES =
      Set.of(RecordTooLargeException.class, RecordBatchTooLargeException.class);

  private Refusals() {}

  public static boolean contains(Throwable failure) {
    return ALL.contains(failure.getClass());
  }

  /**
   * Advice about a letter that is kept, for the end of a message; empty if the failure is no
   * refusal.
   */
  public static String hint(Throwable failure) {
    if (!contains(failure)) {
      return "";
    }
    return SIZES.contains(failure.getClass())
        ? " and is refused again until 'max.message.bytes' of the topic, or 'max.request.size' in"
            + " producerProperties(…), is raised (see refusedLetters(…))"
        : " and is refused again (see refusedLetters(…))";
  }
}
