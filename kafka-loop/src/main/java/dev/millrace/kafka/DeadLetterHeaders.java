package dev.millrace.kafka;

/**
 * The headers that a dead letter has in addition to its own; their values are text in UTF-8. If a
 * record has them already, because it has been a dead letter before, the last ones count.
 */
public final class DeadLetterHeaders {

  /** What their names begin with. */
  public static final String PREFIX = "millrace.dead-letter.";

  /** The message of what was thrown; at most 1,000 characters. */
  public static final String REASON = "millrace.dead-letter.reason";

  /** The class of what was thrown. */
  public static final String EXCEPTION = "millrace.dead-letter.exception";

  /** What failed: see {@link DeadLetter#stage()}. */
  public static final String STAGE = "millrace.dead-letter.stage";

  /** How often it was tried. */
  public static final String ATTEMPTS = "millrace.dead-letter.attempts";

  /** The topic that it came from. */
  public static final String TOPIC = "millrace.dead-letter.topic";

  /** The partition that it came from. */
  public static final String PARTITION = "millrace.dead-letter.partition";

  /** Its offset there. */
  public static final String OFFSET = "millrace.dead-letter.offset";

  /** Its timestamp there, in milliseconds since 1970. */
  public static final String TIMESTAMP = "millrace.dead-letter.timestamp";

  /**
   * The span in which its last attempt failed, as W3C's Trace Context writes it; only if the
   * handler was a {@link dev.millrace.kafka.tracing.TracedHandler}.
   */
  public static final String TRACEPARENT = "millrace.dead-letter.traceparent";

  /** How often it has become a dead letter, this time included. */
  public static final String HOPS = "millrace.dead-letter.hops";

  /** The consumer group whose member failed. */
  public static final String GROUP = "millrace.dead-letter.group";

  private DeadLetterHeaders() {}
}
