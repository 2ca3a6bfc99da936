package dev.millrace.kafka;

import java.util.Objects;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The log of a partition is not the one that was consumed before. Names the offset at which the
 * consumer goes on. The consumer survives this exception and reports it to {@code onError}, unless
 * {@link NewHistory#STOP} is set. Thread-safe.
 */
public final class NewHistoryException extends KafkaException {

  private static final long serialVersionUID = 1L;

  /** The change of the log. */
  public enum Reason {
    /** Retention, or an administrator, has deleted records before they were consumed. */
    EXPIRED,
    /** The log ends before the position: an election has truncated it, or it was created again. */
    TRUNCATED,
    /** The topic was deleted, and a topic with the same name was created. */
    RECREATED
  }

  private final transient TopicPartition partition;
  private final Reason reason;
  private final long from;
  private final long to;

  /**
   * A change of a log.
   *
   * @param from the position in the old log
   * @param to the offset at which the consumer goes on
   */
  public NewHistoryException(
      TopicPartition partition, Reason reason, long from, long to, @Nullable Throwable cause) {
    super(text(partition, reason, from, to), cause);
    this.partition = Objects.requireNonNull(partition, "partition");
    this.reason = reason;
    this.from = from;
    this.to = to;
  }

  private static String text(TopicPartition partition, Reason reason, long from, long to) {
    String what =
        switch (reason) {
          case EXPIRED ->
              to > from
                  ? "the %d offsets between were deleted before they were consumed"
                      .formatted(to - from)
                  : "records were deleted before they were consumed";
          case TRUNCATED -> "its log was truncated or created again; records may be redelivered";
          case RECREATED -> "its topic was deleted and created again";
        };
    return "%s has no offset %d any more and goes on at %d: %s"
        .formatted(partition, from, to, what);
  }

  /** The partition whose log has changed. */
  public TopicPartition partition() {
    return partition;
  }

  /** The change of the log. */
  public Reason reason() {
    return reason;
  }

  /** The offset that the consumer would have read next in the old log. */
  public long from() {
    return from;
  }

  /** The offset that the consumer reads next in the present log. */
  public long to() {
    return to;
  }
}
