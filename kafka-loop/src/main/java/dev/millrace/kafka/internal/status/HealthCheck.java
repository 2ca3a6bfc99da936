package dev.millrace.kafka.internal.status;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.Front;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.LoopBreaker;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.Breaker;
import dev.millrace.kafka.internal.settings.Pauses;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tells slow from stuck. Slow: records wait while others are settled. Stuck: the first record, the
 * poll thread or the commits have not moved for too long. The poll thread writes; any thread may
 * ask.
 */
public final class HealthCheck {

  private final Duration stuckAfter;
  private final @Nullable Long lagLimit;
  private final long started = Time.nanoTime();
  private volatile boolean inGroup;
  private volatile long polled = Time.nanoTime();
  private volatile long heard = Time.nanoTime();
  private volatile String problem = "";
  private volatile @Nullable Failing commits;
  private volatile @Nullable Health end;

  /** The client sends a request at least this often: a heartbeat, if nothing is fetched. */
  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(5);

  private record Failing(long since, Exception failure) {

    /** Kafka's exception for a failed commit says nothing but its cause does. */
    private String told() {
      Throwable cause = failure.getCause();
      return cause == null ? failure.toString() : failure + " Cause: " + cause;
    }
  }

  /** Without a limit on the lag. */
  public HealthCheck(Duration stuckAfter) {
    this(stuckAfter, null);
  }

  public HealthCheck(Duration stuckAfter, @Nullable Long lagLimit) {
    this.stuckAfter = stuckAfter;
    this.lagLimit = lagLimit;
  }

  public void joined() {
    inGroup = true;
  }

  public boolean isInGroup() {
    return inGroup;
  }

  /** A broker has answered something. */
  public void heard() {
    heard = Time.nanoTime();
  }

  /** Whether no broker has answered for longer than a healthy group is silent. */
  public boolean isSilent() {
    return since(heard).compareTo(LONGEST_SILENCE) > 0;
  }

  /** Sets the description of the missing thing in the cluster; empty if no problem is known. */
  public void missing(String what) {
    problem = what;
  }

  public void polled() {
    polled = Time.nanoTime();
  }

  public void committed(@Nullable Exception failure) {
    Failing before = commits;
    long since = before == null ? Time.nanoTime() : before.since();
    commits = failure == null ? null : new Failing(since, failure);
  }

  public void ended(@Nullable Throwable cause) {
    end = new Health(State.STOPPED, cause == null ? "it was closed" : "it failed: " + cause);
  }

  public Health now(
      Collection<? extends Partition<?, ?>> partitions, Pauses pauses, Collection<?> full) {
    return now(partitions, pauses, full, null);
  }

  /**
   * The health now.
   *
   * @param breaker while it is open, no record is expected to move; null if there is none
   */
  public Health now(
      Collection<? extends Partition<?, ?>> partitions,
      Pauses pauses,
      Collection<?> full,
      @Nullable Breaker breaker) {
    Health known = end;
    if (known != null) {
      return known;
    }
    Duration sincePoll = since(polled);
    if (sincePoll.compareTo(stuckAfter) >= 0) {
      return new Health(
          State.STUCK,
          "the poll thread has not polled for %d s".formatted(sincePoll.toSeconds()),
          inGroup);
    }
    Duration silent = since(heard);
    if (inGroup && silent.compareTo(stuckAfter.plus(LONGEST_SILENCE)) >= 0) {
      return new Health(
          State.STUCK, "no broker has answered for %d s%s".formatted(silent.toSeconds(), known()));
    }
    List<Front> standing =
        partitions.stream()
            .filter(
                partition -> // a paused partition is not expected to move
                !isExcused(breaker) && !pauses.contains(partition.name()))
            .map(partition -> partition.progress().front())
            .flatMap(Stream::ofNullable)
            .filter(front -> front.age().compareTo(stuckAfter) >= 0)
            .sorted(Comparator.comparing(Front::age).reversed())
            .toList();
    if (!standing.isEmpty()) {
      return new Health(
          State.STUCK,
          standing.stream().map(Front::toString).collect(Collectors.joining("; ")) + known());
    }
    Failing failing = commits;
    if (failing != null && since(failing.since()).compareTo(stuckAfter) >= 0) {
      return new Health(
          State.STUCK,
          "commits fail for %d s: %s%s"
              .formatted(since(failing.since()).toSeconds(), failing.told(), known()));
    }
    String suspension = breaker == null ? null : breaker.suspension();
    if (suspension != null && inGroup) {
      return new Health(State.SUSPENDED, suspension + known());
    }
    if (!inGroup || (partitions.isEmpty() && !problem.isEmpty())) {
      return starting();
    }
    List<String> behind = lagLimit == null ? List.of() : behind(partitions, lagLimit);
    if (!behind.isEmpty()) {
      return new Health(
          State.BEHIND, "the lag is above %d: %s".formatted(lagLimit, String.join(", ", behind)));
    }
    return full.isEmpty()
        ? new Health(State.RUNNING, partitions.size() + " partitions are assigned" + known())
        : new Health(State.SLOW, "paused because their handlers are busy: " + full + known());
  }

  /** Whether records have not had the time to move since the breaker let them. */
  private boolean isExcused(@Nullable Breaker breaker) {
    return breaker != null
        && (breaker.state() == LoopBreaker.State.OPEN || breaker.age().compareTo(stuckAfter) < 0);
  }

  private Health starting() {
    Duration time = since(started);
    String what = inGroup ? "it has nothing to read" : "it is not in its group yet";
    return time.compareTo(stuckAfter) < 0
        ? new Health(State.STARTING, what + known(), false)
        : new Health(
            State.STUCK, "%s, for %d s%s".formatted(what, time.toSeconds(), known()), false);
  }

  private String known() {
    String known = problem;
    return known.isEmpty() ? "" : ": " + known;
  }

  private static List<String> behind(Collection<? extends Partition<?, ?>> partitions, long limit) {
    return partitions.stream()
        .map(partition -> partition.progress().status(false))
        .filter(status -> status.lag().orElse(0) > limit)
        .map(status -> "%s has %d".formatted(status.partition(), status.lag().getAsLong()))
        .toList();
  }

  private static Duration since(long nanoTime) {
    return Duration.ofNanos(Time.nanoTime() - nanoTime);
  }
}
