package dev.millrace.kafka;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Tells, as a suppressed exception of what a handler threw, in which span of a trace that happened.
 * So it is in the log, and {@link DeadLetters#toTopic} puts it into the dead letter.
 *
 * <p>An exception that is thrown again and again has one of these at the most, which is for the
 * first record that it was thrown for. Safe for use by many threads.
 */
public final class FailureSpan extends Exception {

  private static final long serialVersionUID = 1L;

  private final String topic;
  private final int partition;
  private final long offset;
  private volatile String traceparent;

  private FailureSpan(ConsumerRecord<?, ?> record, String traceparent) {
    super("", null, false, false);
    this.topic = record.topic();
    this.partition = record.partition();
    this.offset = record.offset();
    this.traceparent = traceparent;
  }

  /**
   * Says where it failed to handle a record.
   *
   * @param traceparent the span, as W3C's Trace Context writes it
   */
  public static void add(Throwable failure, ConsumerRecord<?, ?> record, String traceparent) {
    synchronized (failure) { // as its list of suppressed exceptions
      FailureSpan known = in(failure);
      if (known == null) {
        failure.addSuppressed(new FailureSpan(record, traceparent));
      } else if (known.isOf(record)) {
        known.traceparent = traceparent;
      }
    }
  }

  /** In which span it failed to handle that record, the last time; null if that is not known. */
  public static @Nullable String of(Throwable failure, ConsumerRecord<?, ?> record) {
    FailureSpan known = in(failure);
    return known != null && known.isOf(record) ? known.traceparent : null;
  }

  private static @Nullable FailureSpan in(Throwable failure) {
    for (Throwable one : failure.getSuppressed()) {
      if (one instanceof FailureSpan span) {
        return span;
      }
    }
    return null;
  }

  private boolean isOf(ConsumerRecord<?, ?> record) {
    return offset == record.offset()
        && partition == record.partition()
        && topic.equals(record.topic());
  }

  @Override
  public String getMessage() {
    return "%s-%d at offset %d, in the span %s".formatted(topic, partition, offset, traceparent);
  }
}
