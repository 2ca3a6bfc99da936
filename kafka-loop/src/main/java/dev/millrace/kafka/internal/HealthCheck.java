package dev.millrace.kafka.internal;

import dev.millrace.kafka.Front;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tells slow from stuck: slow is when records wait while others are settled, stuck is when one of
 * them, or the poll thread, or the commits, have not moved for too long. The poll thread writes,
 * anybody asks.
 */
final class HealthCheck {

  private final Duration stuckAfter;
  private volatile boolean inGroup;
  private volatile long polled = System.nanoTime();
  private volatile @Nullable Failing commits;
  private volatile @Nullable Health end;

  private record Failing(long since, Exception failure) {}

  HealthCheck(Duration stuckAfter) {
    this.stuckAfter = stuckAfter;
  }

  void joined() {
    inGroup = true;
  }

  void polled() {
    polled = System.nanoTime();
  }

  void committed(@Nullable Exception failure) {
    Failing before = commits;
    long since = before == null ? System.nanoTime() : before.since();
    commits = failure == null ? null : new Failing(since, failure);
  }

  void ended(@Nullable Throwable cause) {
    end = new Health(State.STOPPED, cause == null ? "it was closed" : "it failed: " + cause);
  }

  Health now(Collection<? extends Partition<?, ?>> partitions, Pauses pauses, Collection<?> full) {
    Health known = end;
    if (known != null) {
      return known;
    }
    Duration sincePoll = since(polled);
    if (sincePoll.compareTo(stuckAfter) >= 0) {
      return new Health(
          State.STUCK, "the poll thread has not polled for %d s".formatted(sincePoll.toSeconds()));
    }
    List<Front> standing =
        partitions.stream()
            .filter(partition -> !pauses.contains(partition.name())) // nobody expects it to move
            .map(Partition::front)
            .filter(Objects::nonNull)
            .filter(front -> front.age().compareTo(stuckAfter) >= 0)
            .sorted(Comparator.comparing(Front::age).reversed())
            .toList();
    if (!standing.isEmpty()) {
      return new Health(
          State.STUCK, standing.stream().map(Front::toString).collect(Collectors.joining("; ")));
    }
    Failing failing = commits;
    if (failing != null && since(failing.since()).compareTo(stuckAfter) >= 0) {
      return new Health(
          State.STUCK,
          "commits fail for %d s: %s"
              .formatted(since(failing.since()).toSeconds(), failing.failure()));
    }
    if (!inGroup) {
      return new Health(State.STARTING, "it is not in its group yet");
    }
    return full.isEmpty()
        ? new Health(State.RUNNING, partitions.size() + " partitions are assigned")
        : new Health(State.SLOW, "paused because their handlers are busy: " + full);
  }

  private static Duration since(long nanoTime) {
    return Duration.ofNanos(System.nanoTime() - nanoTime);
  }
}
