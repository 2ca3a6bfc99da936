package dev.millrace.kafka.internal.consumer;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.CorruptRecords;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.start.Starts;
import dev.millrace.kafka.internal.status.HealthCheck;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;

/**
 * Decides what a failed poll means: a lost position is found again, a corrupt batch becomes a
 * failed record, a failure that passes by itself is reported. Every other failure stops the
 * consumer. For the poll thread.
 */
final class PollFailures<K, V> {

  private static final Duration BACK_OFF = Duration.ofMillis(200);

  private final ConsumerSettings<K, V> settings;
  private final Consumer<byte[], byte[]> consumer;
  private final Assignment<K, V> assignment;
  private final Starts<K, V> starts;
  private final HealthCheck health;
  private final Diagnosis<K, V> diagnosis;
  private final ConsumerCore.Listener listener;
  private final RefusalReports refusals = new RefusalReports();

  PollFailures(
      ConsumerSettings<K, V> settings,
      Consumer<byte[], byte[]> consumer,
      Assignment<K, V> assignment,
      Starts<K, V> starts,
      HealthCheck health,
      Diagnosis<K, V> diagnosis,
      ConsumerCore.Listener listener) {
    this.settings = settings;
    this.consumer = consumer;
    this.assignment = assignment;
    this.starts = starts;
    this.health = health;
    this.diagnosis = diagnosis;
    this.listener = listener;
  }

  /**
   * Goes on after a failed poll, or throws the exception that stops the consumer.
   *
   * @throws InterruptException if the poll was interrupted
   */
  void pollFailed(KafkaException e) {
    switch (e) {
      case InterruptException interrupt -> throw interrupt;
      case InvalidOffsetException lost -> findAgain(lost);
      default -> {
        if (!goBehindCorruptBatch(e)) {
          survive(e);
        }
      }
    }
  }

  /** Goes on after a failure that passes by itself. Throws every other one. */
  void survive(KafkaException e) {
    Duration interval = settings.awaitRights;
    if (interval != null
        && (e instanceof AuthorizationException || e instanceof AuthenticationException)) {
      reportRefusal(e, interval);
    } else if (e instanceof RetriableException) {
      listener.survived(e);
    } else {
      throw e;
    }
    Time.parkNanos(this, BACK_OFF.toNanos());
  }

  private void reportRefusal(KafkaException e, Duration interval) {
    health.missing("a right is refused: " + e.getMessage());
    diagnosis.doubt(); // the diagnosis finds out when the right is granted
    if (refusals.isDue(e, interval)) {
      listener.survived(e);
    }
  }

  private void findAgain(InvalidOffsetException problem) {
    List<Partition<K, V>> affected =
        problem.partitions().stream().map(assignment::get).filter(Objects::nonNull).toList();
    starts.lost(problem, affected);
  }

  /**
   * Turns an unreadable record into a failed record, if the policy says so. Returns whether it did.
   */
  private boolean goBehindCorruptBatch(KafkaException e) {
    CorruptBatch corrupt = e instanceof RetriableException ? null : CorruptBatch.of(e, consumer);
    if (corrupt == null) {
      return false;
    }
    if (settings.corruptRecords == CorruptRecords.STOP) {
      throw corrupt.stop();
    }
    Partition<K, V> partition = assignment.get(corrupt.partition());
    if (partition != null) {
      partition.addUnreadable(corrupt.offset(), corrupt.failure());
    }
    consumer.seek(corrupt.partition(), corrupt.offset() + 1);
    listener.ready();
    return true;
  }
}
