package dev.millrace.kafka;

import java.util.Objects;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Tells that the log of a partition is not the one that was consumed, and where the consumption
 * goes on. The consumer survives it, and says it to {@code onError}, unless {@link NewHistory#STOP}
 * is set.
 */
public final class NewHistoryException extends KafkaException {

  private static final long serialVersionUID = 1L;

  /** What has become of the log. */
  public enum Reason {
    /** Retention, or somebody, has deleted records before they were consumed. */
    EXPIRED,
    /** The log ends before the position: an election has cut it, or it was made anew. */
    TRUNCATED,
    /** The topic was deleted, and one of the same name was created. */
    RECREATED
  }

  private final transient TopicPartition partition;
  private final Reason reason;
  private final long from;
  private final long to;

  /** The partition had the position {@code from}, and goes on at {@code to}. */
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
          case TRUNCATED -> "its log was cut or made anew, and records may come again";
          case RECREATED -> "its topic was deleted and made anew";
        };
    return "%s has no offset %d any more and goes on at %d: %s"
        .formatted(partition, from, to, what);
  }

  /** Which partition it is. */
  public TopicPartition partition() {
    return partition;
  }

  /** What has become of its log. */
  public Reason reason() {
    return reason;
  }

  /** The offset that was to be consumed next, in the old log. */
  public long from() {
    return from;
  }

  /** The offset that is consumed next, in the log as it is now. */
  public long to() {
    return to;
  }
}
