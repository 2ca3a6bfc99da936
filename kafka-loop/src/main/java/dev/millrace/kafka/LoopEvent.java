package dev.millrace.kafka;

import dev.millrace.kafka.internal.report.Brief;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

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
      return "claimed %s, released %s, %d partitions now"
          .formatted(names(change.claimed()), names(change.released()), change.current().size());
    }

    private static List<String> names(Set<TopicPartition> partitions) {
      return partitions.stream()
          .sorted(
              Comparator.comparing(TopicPartition::topic)
                  .thenComparingInt(TopicPartition::partition))
          .map(TopicPartition::toString)
          .toList();
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
