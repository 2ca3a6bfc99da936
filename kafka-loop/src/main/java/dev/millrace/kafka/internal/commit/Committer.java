package dev.millrace.kafka.internal.commit;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.internal.cluster.TopicBook;
import dev.millrace.kafka.internal.offsets.CommitMetadata;
import dev.millrace.kafka.internal.partition.Commit;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.status.HealthCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Commits the settled records, after a time or a number of records. For the poll thread only.
 *
 * <p>One commit is in progress at a time, so that no commit overtakes another. A failed commit is
 * not repeated. The next commit, an interval later, covers its offsets too.
 */
public final class Committer<K, V> implements CommitStrategy<K, V> {

  /**
   * Longer than Kafka's own timeouts. After this time, a commit without an answer is given up, so
   * that it does not block all later commits.
   */
  private static final Duration NO_ANSWER = Duration.ofMinutes(2);

  private static final Duration FIRST_ATTEMPT = Duration.ofSeconds(1);

  private final Consumer<byte[], byte[]> consumer;
  private final ConsumerSettings<K, V> settings;
  private final TopicBook topics;
  private final HealthCheck health;
  private final java.util.function.Consumer<? super Exception> onError;
  private final CommitTimer<K, V> timer;
  private int metadataLimit;
  private long sent;
  private long answered;

  public Committer(
      Consumer<byte[], byte[]> consumer,
      ConsumerSettings<K, V> settings,
      TopicBook topics,
      HealthCheck health,
      java.util.function.Consumer<? super Exception> onError) {
    this.consumer = consumer;
    this.settings = settings;
    this.timer = new CommitTimer<>(settings);
    this.topics = topics;
    this.health = health;
    this.onError = onError;
    this.metadataLimit = settings.metadataLimit;
  }

  @Override
  public Duration untilDue() {
    return timer.untilDue();
  }

  @Override
  public void commitIfDue(Collection<Partition<K, V>> partitions) {
    if (isUnderWay() || !timer.isDue(partitions, partition -> false)) {
      return;
    }
    timer.begin();
    List<Commit<K, V>> commits = toCommit(partitions);
    if (commits.isEmpty()) {
      nothingIsOpen();
      return;
    }
    long number = ++sent;
    long start = timer.last();
    OffsetCommitCallback answer =
        (offsets, failure) -> {
          answered = Math.max(answered, number);
          timer.failing(failure != null);
          health.committed(failure);
          if (failure == null) {
            committed(commits, start);
          } else {
            failed(failure);
          }
        };
    Map<TopicPartition, OffsetAndMetadata> offsets = offsets(commits);
    try {
      consumer.commitAsync(offsets, answer);
    } catch (RetriableException e) { // KIP-848: the consumer's own thread was late to take the call
      answer.onComplete(offsets, e);
    }
  }

  /**
   * The partitions of a failed commit may be gone, or the commit has succeeded without an answer.
   */
  private void nothingIsOpen() {
    timer.failing(false);
    health.committed(null);
  }

  private boolean isUnderWay() {
    if (answered == sent) {
      return false;
    }
    if (Time.nanoTime() - timer.last() < NO_ANSWER.toNanos()) {
      return true;
    }
    answered = sent;
    timer.failing(true);
    failed(
        new KafkaException(
            "a commit has had no answer for %d s and is repeated"
                .formatted(NO_ANSWER.toSeconds())));
    return false;
  }

  @Override
  public boolean commitNow(Collection<Partition<K, V>> partitions, Duration timeout) {
    long deadline = Time.nanoTime() + timeout.toNanos();
    Set<String> missing = Set.of();
    for (int attempt = 1;
        attempt <= 2;
        attempt++) { // the second attempt leaves out the cause of the first failure
      List<Commit<K, V>> commits = toCommit(partitions);
      for (String topic : missing) {
        commits.removeIf(commit -> commit.partition().name().topic().equals(topic));
      }
      if (commits.isEmpty()) {
        return true;
      }
      Duration left = Time.left(deadline);
      try {
        long start = Time.nanoTime();
        boolean isLast = attempt == 2 || left.compareTo(FIRST_ATTEMPT) < 0;
        consumer.commitSync(offsets(commits), isLast ? left : FIRST_ATTEMPT);
        health.committed(null);
        committed(commits, start);
        return true;
      } catch (InterruptException e) {
        throw e;
      } catch (TimeoutException e) { // Kafka's consumer waits for deleted topics, too
        failed(e);
        missing = topics.missing(topicsOf(commits), FIRST_ATTEMPT);
      } catch (KafkaException e) {
        failed(e);
        if (!(e instanceof OffsetMetadataTooLarge)) {
          return !(e instanceof RebalanceInProgressException);
        }
      }
    }
    return true;
  }

  private static <K, V> Set<String> topicsOf(List<Commit<K, V>> commits) {
    Set<String> names = new HashSet<>();
    commits.forEach(commit -> names.add(commit.partition().name().topic()));
    return names;
  }

  private void committed(List<Commit<K, V>> commits, long start) {
    commits.forEach(commit -> commit.partition().commits().committed(commit));
    settings.observer.committed(settings.group(), Duration.ofNanos(Time.nanoTime() - start));
  }

  private void failed(Exception failure) {
    settings.observer.commitFailed(settings.group(), failure);
    if (failure instanceof OffsetMetadataTooLarge) {
      metadataLimit = 0; // the broker allows less than its default: write no metadata
    }
    onError.accept(failure);
  }

  private List<Commit<K, V>> toCommit(Collection<Partition<K, V>> partitions) {
    List<Commit<K, V>> commits = new ArrayList<>();
    for (Partition<K, V> partition : partitions) {
      Commit<K, V> commit = partition.commits().toCommit();
      if (commit != null) {
        commits.add(commit);
      }
    }
    return commits;
  }

  private Map<TopicPartition, OffsetAndMetadata> offsets(List<Commit<K, V>> commits) {
    Map<TopicPartition, OffsetAndMetadata> result = new HashMap<>();
    for (Commit<K, V> commit : commits) {
      TopicPartition name = commit.partition().name();
      String text = "";
      if (metadataLimit > 0) {
        var encoded =
            CommitMetadata.encode(
                name, commit.offset(), commit.ahead(), commit.origin(), metadataLimit);
        commit.partition().crowded(!encoded.complete());
        text = encoded.text();
      } else {
        commit.partition().crowded(false);
      }
      result.put(name, commit.with(text));
    }
    return result;
  }
}
