package dev.millrace.kafka;

import dev.millrace.kafka.internal.text.Brief;
import java.time.Instant;
import java.util.Objects;

/** An event of a loop that the loop survives. Immutable and thread-safe. */
public sealed interface LoopEvent {

  /** The time at which the loop recorded the event. */
  Instant at();

  /** The event on one line, for people. Shows no content of a record. */
  String text();

  /** A rebalance has changed the assigned partitions. */
  record Rebalanced(Instant at, Notification change) implements LoopEvent {

    /** Checks the parts. */
    public Rebalanced {
      Objects.requireNonNull(at, "at");
      Objects.requireNonNull(change, "change");
    }

    @Override
    public String text() {
      return change.toString();
    }
  }

  /** A record is safe in the dead letters. */
  record DeadLettered(Instant at, DeadLetter letter) implements LoopEvent {

    /** Checks the parts. */
    public DeadLettered {
      Objects.requireNonNull(at, "at");
      Objects.requireNonNull(letter, "letter");
    }

    @Override
    public String text() {
      return "dead letter: " + letter;
    }
  }

  /**
   * The breaker has changed its state.
   *
   * @param state the new state
   * @param why the reason, for people; ends with the message of an exception if there is one
   */
  record BreakerChanged(Instant at, LoopBreaker.State state, String why) implements LoopEvent {

    /** Checks the parts. */
    public BreakerChanged {
      Objects.requireNonNull(at, "at");
      Objects.requireNonNull(state, "state");
      Objects.requireNonNull(why, "why");
    }

    @Override
    public String text() {
      return switch (state) {
        case OPEN -> "the breaker is open, and no record is handed out: " + why;
        case HALF_OPEN -> "the breaker is half open: " + why;
        case CLOSED -> "the breaker is closed, and records are handed out: " + why;
      };
    }
  }

  /**
   * Something has failed, and the loop goes on. Examples are an attempt to handle a record ({@link
   * RecordFailedException}) and a commit.
   */
  record Failed(Instant at, Exception failure) implements LoopEvent {

    /** Checks the parts. */
    public Failed {
      Objects.requireNonNull(at, "at");
      Objects.requireNonNull(failure, "failure");
    }

    @Override
    public String text() {
      String message = failure.getMessage();
      return failure instanceof RecordFailedException && message != null
          ? message
          : Brief.of(failure);
    }
  }
}
