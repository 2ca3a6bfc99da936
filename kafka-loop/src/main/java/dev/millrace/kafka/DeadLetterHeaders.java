package dev.millrace.kafka;

/**
 * The names of the headers that a dead letter has in addition to the headers of its record. The
 * values are text in UTF-8. If a record has such headers already, because it has been a dead letter
 * before, the last ones count.
 */
public final class DeadLetterHeaders {

  /** The prefix of all these names. */
  public static final String PREFIX = "millrace.dead-letter.";

  /** The message of the exception; at most 1,000 characters. */
  public static final String REASON = "millrace.dead-letter.reason";

  /** The class of the exception. */
  public static final String EXCEPTION = "millrace.dead-letter.exception";

  /** The step that failed; see {@link DeadLetter#stage()}. */
  public static final String STAGE = "millrace.dead-letter.stage";

  /** The number of attempts. */
  public static final String ATTEMPTS = "millrace.dead-letter.attempts";

  /** The topic that the record came from. */
  public static final String TOPIC = "millrace.dead-letter.topic";

  /** The partition that the record came from. */
  public static final String PARTITION = "millrace.dead-letter.partition";

  /** The offset of the record in that partition. */
  public static final String OFFSET = "millrace.dead-letter.offset";

  /** The timestamp of the record there, in milliseconds since 1970. */
  public static final String TIMESTAMP = "millrace.dead-letter.timestamp";

  /**
   * The span in which the last attempt failed, in the format of W3C Trace Context. Present only if
   * the handler was a {@link dev.millrace.kafka.tracing.TracedHandler}, or the reactive form of
   * one.
   */
  public static final String TRACEPARENT = "millrace.dead-letter.traceparent";

  /** How often the record has become a dead letter, including this time. */
  public static final String HOPS = "millrace.dead-letter.hops";

  /** The consumer group of the member that failed. */
  public static final String GROUP = "millrace.dead-letter.group";

  private DeadLetterHeaders() {}
}
