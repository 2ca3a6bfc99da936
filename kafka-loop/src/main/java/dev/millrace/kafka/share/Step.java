package dev.millrace.kafka.share;

import dev.millrace.kafka.DeadLetter;
import java.time.Duration;
import org.apache.kafka.clients.consumer.AcknowledgeType;

/** The next step after an attempt to handle a record, or to send its dead letter. */
sealed interface Step {

  /** The record is finished, and is acknowledged. */
  record Finish(AcknowledgeType type) implements Step {}

  /** The lock may have ended before the handler was called: the member asks the broker. */
  record Late() implements Step {}

  /** The record is tried again after the delay. Its lock is renewed until then. */
  record Again(Duration delay) implements Step {}

  /** The letter is to be sent after the delay. */
  record Bury(DeadLetter letter, int attempt, Duration delay) implements Step {}

  /** The loop must stop. */
  record Stop(Exception failure) implements Step {}

  /** The loop ends: the record is left to the broker. */
  record Cancelled() implements Step {}
}
