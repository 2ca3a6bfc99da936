package dev.millrace.kafka;

import dev.millrace.kafka.internal.report.Brief;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/** Something that has happened to a loop, and that it survives. Immutable. */
public sealed interface LoopEvent {

  /** When the loop was told. */
  Instant at();

  /** What has happened, on one line for people; shows nothing of a record. */
  String text();

  /** A rebalance has changed what is assigned. */
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
   * Something went wrong, such as an attempt to handle a record ({@link RecordFailedException}) or
   * a commit, and the loop goes on.
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
