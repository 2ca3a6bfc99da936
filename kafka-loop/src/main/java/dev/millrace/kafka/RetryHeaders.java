package dev.millrace.kafka;

/**
 * The names of the headers that a record has in a retry topic, in addition to its own headers. The
 * values are text in UTF-8. A dead letter, and a record that a replay sends back, do not have them.
 *
 * @see dev.millrace.kafka.builder.LoopBuilder#retryTopic
 */
public final class RetryHeaders {

  /** The prefix of all these names. */
  public static final String PREFIX = "millrace.retry.";

  /** The topic that the record came from first; never a retry topic. */
  public static final String TOPIC = "millrace.retry.topic";

  /** The partition of the record in that topic. */
  public static final String PARTITION = "millrace.retry.partition";

  /** The offset of the record in that partition. */
  public static final String OFFSET = "millrace.retry.offset";

  /** The timestamp of the record there, in milliseconds since 1970. */
  public static final String TIMESTAMP = "millrace.retry.timestamp";

  /** The number of attempts until now, in all topics. */
  public static final String ATTEMPTS = "millrace.retry.attempts";

  /** The earliest time of the next attempt, in milliseconds since 1970. */
  public static final String DUE = "millrace.retry.due";

  /** The message of the last exception; at most 1,000 characters. */
  public static final String REASON = "millrace.retry.reason";

  /** The class of the last exception. */
  public static final String EXCEPTION = "millrace.retry.exception";

  /** The consumer group of the member that failed. */
  public static final String GROUP = "millrace.retry.group";

  private RetryHeaders() {}
}
