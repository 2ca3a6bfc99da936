package dev.millrace.kafka;

import java.util.Map;
import java.util.WeakHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the span of a trace in which the last attempt to handle a record failed. The loop adds
 * the span to the message of the failure, to the log, and to the dead letter. Thread-safe; does not
 * block.
 *
 * <p>The span is kept beside the record as long as the record is reachable. It is not kept in the
 * exception, because an application may throw the same exception object for many records.
 */
public final class FailureSpan {

  /** By the record object: {@code ConsumerRecord} compares by identity. Guarded by itself. */
  private static final Map<ConsumerRecord<?, ?>, String> SPANS = new WeakHashMap<>();

  private FailureSpan() {}

  /**
   * Stores the span in which an attempt to handle a record failed. Replaces an earlier span.
   *
   * @param record the same object that the handler received
   * @param traceparent the span, in the format of W3C Trace Context
   */
  public static void tell(ConsumerRecord<?, ?> record, String traceparent) {
    synchronized (SPANS) {
      SPANS.put(record, traceparent);
    }
  }

  /**
   * The span in which the last attempt to handle a record failed; null if it is not known.
   *
   * @param record the same object that the handler received
   */
  public static @Nullable String of(ConsumerRecord<?, ?> record) {
    synchronized (SPANS) {
      return SPANS.get(record);
    }
  }
}
