package dev.millrace.kafka.internal.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.internal.cluster.ConsumerQuestions;
import dev.millrace.kafka.internal.cluster.TopicBook;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Records;
import dev.millrace.kafka.internal.settings.ConsumerDraft;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.Pauses;
import dev.millrace.kafka.internal.settings.TransactionSettings;
import dev.millrace.kafka.internal.status.HealthCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The health of a loop whose commits fail, until there is nothing to commit. */
@Timeout(60)
class FailingCommitsTest {

  private static final class Consumer extends MockConsumer<byte[], byte[]> {
    private boolean fails = true;
    private boolean isLate;

    Consumer() {
      super("earliest");
    }

    @Override
    public synchronized void commitAsync(
        Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
      if (isLate) {
        throw new TimeoutException("the thread of the consumer is late");
      }
      callback.onComplete(
          offsets, fails ? new RetriableCommitFailedException("the broker is away") : null);
    }

    @Override
    public synchronized void commitSync(
        Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {}
  }

  private final Consumer consumer = new Consumer();
  private final HealthCheck health = new HealthCheck(Duration.ofMillis(50));
  private final List<Exception> errors = new ArrayList<>();
  private final Partition<String, String> partition = Records.partition(Ordering.UNORDERED);

  private static ConsumerSettings<String, String> settings() {
    var draft = new ConsumerDraft<String, String>();
    draft.commitInterval = Duration.ofNanos(1);
    return draft.settings();
  }

  private Committer<String, String> committer() {
    settle();
    health.joined();
    var topics = new TopicBook(new ConsumerQuestions(consumer, Duration.ofSeconds(1)));
    return new Committer<>(consumer, settings(), topics, health, errors::add);
  }

  private void settle() {
    Records.add(partition, 0);
    var delivery = (Delivery<String, String>) Records.take(partition);
    delivery.begin();
    delivery.settle();
  }

  private Health health() {
    health.polled();
    health.heard();
    return health.now(List.of(), new Pauses(), List.of());
  }

  private void awaitFailing() {
    await().until(() -> health().reason().contains("commits fail"));
  }

  @Test
  void failedCommitOfAPartitionThatIsGoneDoesNotMakeTheLoopStuck() {
    Committer<String, String> committer = committer();
    committer.commitIfDue(List.of(partition));
    awaitFailing();
    committer.commitIfDue(List.of());
    assertThat(health().state()).isEqualTo(Health.State.RUNNING);
  }

  @Test
  void commitThatTheConsumerTakesTooLateHasFailedAndIsRepeated() {
    Committer<String, String> committer = committer();
    consumer.isLate = true;
    committer.commitIfDue(List.of(partition));
    assertThat(errors).singleElement().isInstanceOf(TimeoutException.class);
    awaitFailing();
    consumer.isLate = false;
    consumer.fails = false;
    await()
        .untilAsserted(
            () -> {
              committer.commitIfDue(List.of(partition));
              assertThat(partition.commits().isCommitted(1)).isTrue();
            });
    assertThat(health().state()).isEqualTo(Health.State.RUNNING);
  }

  @Test
  void commitOfARevokedPartitionEndsTheFailure() {
    Committer<String, String> committer = committer();
    committer.commitIfDue(List.of(partition));
    awaitFailing();
    assertThat(committer.commitNow(List.of(partition), Duration.ofSeconds(5))).isTrue();
    assertThat(health().state()).isEqualTo(Health.State.RUNNING);
  }

  @Test
  void transactionsThatCouldNotBeOpenedAreNoProblemOnceTheyAre() {
    health.joined();
    var tries = new ArrayList<MockProducer<byte[], byte[]>>();
    var committer =
        new TransactionalCommitter<>(
            consumer,
            settings(),
            new TransactionSettings(
                Map.of(),
                false,
                false,
                List.of(),
                properties -> {
                  var producer =
                      new MockProducer<>(
                          true, null, new ByteArraySerializer(), new ByteArraySerializer());
                  if (tries.isEmpty()) {
                    producer.initTransactionException = new TimeoutException("the broker is away");
                  }
                  tries.add(producer);
                  return producer;
                },
                id -> false,
                null,
                RefusedLetters.keep(),
                Backoff.none(),
                0),
            health,
            errors::add);
    await()
        .until(
            () -> {
              committer.commitIfDue(List.of());
              return tries.size() == 2 && errors.size() == 1;
            });
    await()
        .untilAsserted(
            () -> {
              committer.commitIfDue(List.of());
              assertThat(health().state()).isEqualTo(Health.State.RUNNING);
            });
    assertThat(errors).hasSize(1);
    committer.close(Duration.ofSeconds(1));
  }
}
