package dev.millrace.kafka;

import java.util.Map;
import java.util.WeakHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * In which span of a trace the last attempt to handle a record failed. The loop puts it into the
 * message of the failure, into the log, and into the dead letter. Thread-safe; does not block.
 *
 * <p>It is kept beside the record, for as long as the record is reachable, and not in the
 * exception: an application may throw one and the same exception for many records.
 */
public final class FailureSpan {

  /** By the record object; records have no equals of their own. Guarded by itself. */
  private static final Map<ConsumerRecord<?, ?>, String> SPANS = new WeakHashMap<>();

  private FailureSpan() {}

  /**
   * Says where it failed to handle a record; replaces what was said before.
   *
   * @param record as the handler got it
   * @param traceparent the span, as W3C's Trace Context writes it
   */
  public static void tell(ConsumerRecord<?, ?> record, String traceparent) {
    synchronized (SPANS) {
      SPANS.put(record, traceparent);
    }
  }

  /**
   * In which span it failed to handle a record, the last time; null if that is not known.
   *
   * @param record as the handler got it
   */
  public static @Nullable String of(ConsumerRecord<?, ?> record) {
    synchronized (SPANS) {
      return SPANS.get(record);
    }
  }
}
