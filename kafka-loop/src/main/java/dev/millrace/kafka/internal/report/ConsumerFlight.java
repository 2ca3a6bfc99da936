package dev.millrace.kafka.internal.report;

import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.NewHistoryException;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.internal.text.Brief;
import java.time.Duration;
import java.util.function.Supplier;
import jdk.jfr.FlightRecorder;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Records the events of a consumer with Java Flight Recorder. If nothing is recorded, or the JVM
 * has no recorder, an event costs a few nanoseconds, and no class of the recorder is loaded.
 * Thread-safe.
 */
public final class ConsumerFlight implements ConsumerObserver {

  /** The only one. */
  public static final ConsumerFlight OBSERVER = new ConsumerFlight();

  private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private ConsumerFlight() {}

  private static boolean isInUse() {
    return PRESENT && FlightRecorder.isInitialized();
  }

  @Override
  public PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
    return PRESENT ? new Settles(group, status) : PartitionObserver.NONE;
  }

  @Override
  public void rebalanced(String group, Notification change) {
    if (isInUse()) {
      var event = new RebalanceEvent();
      event.group = group;
      event.claimed = change.claimed().toString();
      event.released = change.released().toString();
      event.partitions = change.current().size();
      event.commit();
    }
  }

  @Override
  public void committed(String group, Duration took) {
    commit(group, took, null);
  }

  @Override
  public void commitFailed(String group, Exception failure) {
    commit(group, Duration.ZERO, failure);
  }

  private static void commit(String group, Duration took, @Nullable Exception failure) {
    if (isInUse()) {
      var event = new CommitEvent();
      event.group = group;
      event.took = took.toNanos();
      event.failure = failure == null ? null : Brief.of(failure);
      event.commit();
    }
  }

  @Override
  public void newHistory(String group, NewHistoryException history) {
    if (isInUse()) {
      var event = new NewHistoryEvent();
      event.group = group;
      event.history = String.valueOf(history.getMessage());
      event.commit();
    }
  }

  /** Records a sample of the settled records of one partition. */
  private record Settles(String group, Supplier<PartitionStatus> status)
      implements PartitionObserver {

    @Override
    public void settled(long nanoseconds) {
      if (isInUse() && SettleEvent.PROBE.isEnabled()) {
        record(nanoseconds);
      }
    }

    private void record(long nanoseconds) {
      var event = new SettleEvent();
      if (event.shouldCommit()) { // most are left out by the throttle
        TopicPartition partition = status.get().partition();
        event.group = group;
        event.topic = partition.topic();
        event.partition = partition.partition();
        event.took = nanoseconds;
        event.commit();
      }
    }
  }

  /** A record is safe in the dead letters. */
  public static void deadLettered(DeadLetter letter) {
    if (isInUse()) {
      var event = new DeadLetterEvent();
      event.topic = letter.record().topic();
      event.partition = letter.record().partition();
      event.offset = letter.record().offset();
      event.reason = letter.reason();
      event.commit();
    }
  }
}
