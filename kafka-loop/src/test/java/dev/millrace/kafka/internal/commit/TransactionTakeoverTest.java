package dev.millrace.kafka.internal.commit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.errors.Backoff;
import dev.millrace.errors.Causes;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.internal.commit.Transactions.Aborted;
import dev.millrace.kafka.internal.commit.Transactions.Committed;
import dev.millrace.kafka.internal.commit.Transactions.Fatal;
import dev.millrace.kafka.internal.commit.Transactions.Opened;
import dev.millrace.kafka.internal.commit.Transactions.Outcome;
import dev.millrace.kafka.internal.commit.Transactions.Unknown;
import dev.millrace.kafka.internal.partition.Commit;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Records;
import dev.millrace.kafka.internal.settings.TransactionSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A newer loop has taken over the transactional id of this one, at each possible moment. */
@Timeout(60)
class TransactionTakeoverTest {

  private static final String ID = "shop-1";

  /** The call of a producer that is answered with a failure. */
  enum Call {
    SEND,
    OFFSETS,
    COMMIT
  }

  /**
   * The answers of a broker to the producer that a newer one has replaced. {@code
   * InvalidTxnStateException}: a commit arrives while the broker aborts the transaction for the
   * newer producer.
   */
  static final List<RuntimeException> TAKEOVERS =
      List.of(
          new ProducerFencedException("there is a newer producer"),
          new InvalidProducerEpochException("an old epoch"),
          new InvalidTxnStateException("an invalid state"));

  private static void throwIf(@Nullable RuntimeException failure) {
    if (failure != null) {
      throw failure;
    }
  }

  private static final class Producer extends MockProducer<byte[], byte[]> {
    private final List<RuntimeException> commits = new ArrayList<>();
    private final List<RuntimeException> aborts = new ArrayList<>();
    private @Nullable RuntimeException sends;
    private @Nullable RuntimeException offsets;

    Producer() {
      super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static void throwNext(List<RuntimeException> failures) {
      throwIf(failures.isEmpty() ? null : failures.removeFirst());
    }

    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
      if (sends != null && callback != null) { // Kafka's own producer tells the callback, not us
        callback.onCompletion(null, sends);
        commits.add(new KafkaException("in an error state", sends));
        sends = null;
      }
      return super.send(record, null);
    }

    @Override
    public void sendOffsetsToTransaction(
        Map<TopicPartition, OffsetAndMetadata> some, ConsumerGroupMetadata group) {
      throwIf(offsets);
      super.sendOffsetsToTransaction(some, group);
    }

    @Override
    public void commitTransaction() {
      throwNext(commits);
      super.commitTransaction();
    }

    @Override
    public void abortTransaction() {
      throwNext(aborts);
      super.abortTransaction();
    }
  }

  private final List<Producer> producers = new ArrayList<>();

  /** Whether the cluster knows the id. */
  private boolean isKnown = true;

  /** The failure of the question whether the cluster knows the id; null if it answers. */
  private @Nullable RuntimeException question;

  private final Partition<String, String> partition = Records.partition(Ordering.UNORDERED);

  private Transactions transactions(boolean isNamed) {
    Records.add(partition, 0);
    var delivery = (Delivery<String, String>) Records.take(partition);
    delivery.begin();
    delivery.settle(List.of(new ProducerRecord<>("invoices", new byte[1])), null);
    var transactions =
        new Transactions(
            new TransactionSettings(
                Map.of("transactional.id", ID),
                isNamed,
                false,
                List.of(),
                properties -> {
                  var producer = new Producer();
                  producers.add(producer);
                  return producer;
                },
                id -> {
                  throwIf(question);
                  return ID.equals(id) && isKnown;
                },
                null,
                RefusedLetters.keep(),
                Backoff.none(),
                0));
    assertThat(transactions.open()).isInstanceOf(Opened.class);
    return transactions;
  }

  private Outcome run(Transactions transactions) {
    List<Commit<String, String>> commits = new JointCommits<>(List.of(partition), false).commits();
    return transactions.run(commits, new MockConsumer<>("earliest").groupMetadata());
  }

  static Stream<Arguments> takeovers() {
    return TAKEOVERS.stream()
        .flatMap(
            answer ->
                Stream.of(Call.values())
                    .flatMap(
                        call ->
                            Stream.of(true, false)
                                .map(aborts -> Arguments.of(call, answer, aborts))));
  }

  private void fail(Call call, RuntimeException answer, boolean aborts) {
    Producer producer = producers.getFirst();
    switch (call) {
      case SEND -> producer.sends = answer;
      case OFFSETS -> producer.offsets = answer;
      case COMMIT -> producer.commits.add(answer);
    }
    if (!aborts) {
      producer.aborts.add(new KafkaException("in an error state", answer));
    }
  }

  @ParameterizedTest
  @MethodSource("takeovers")
  void idThatWasGivenIsNeverTakenBackFromANewerLoop(
      Call call, RuntimeException answer, boolean aborts) {
    Transactions transactions = transactions(true);
    fail(call, answer, aborts);
    Outcome outcome = run(transactions);
    assertThat(outcome).isInstanceOf(Fatal.class);
    RuntimeException cause = ((Fatal) outcome).cause();
    assertThat(cause)
        .isInstanceOf(ProducerFencedException.class)
        .hasMessageContaining("'transactional.id' '" + ID + "'");
    assertThat(Causes.find(cause, answer.getClass())).isNotNull();
    assertThat(producers).hasSize(1);
  }

  @ParameterizedTest
  @FieldSource("TAKEOVERS")
  void newerLoopMayAlsoComeWhileAnAnswerIsMissing(RuntimeException answer) {
    Transactions transactions = transactions(true);
    Producer producer = producers.getFirst();
    producer.commits.addAll(
        List.of(new TimeoutException("no answer"), new TimeoutException("no answer"), answer));
    producer.aborts.add(answer);
    assertThat(run(transactions)).isInstanceOf(Unknown.class);
    assertThat(transactions.isOpen()).isFalse();
    assertThat(transactions.open()).isInstanceOf(Fatal.class);
    assertThat(producers).hasSize(1);
  }

  @Test
  void commitWithoutAnAnswerIsAskedForAgainWithTheSameProducer() {
    Transactions transactions = transactions(true);
    Producer producer = producers.getFirst();
    for (int i = 0; i < 4; i++) {
      producer.commits.add(new TimeoutException("no answer"));
    }
    assertThat(run(transactions)).isInstanceOf(Unknown.class);
    assertThat(transactions.open()).isInstanceOf(Unknown.class);
    assertThat(transactions.isOpen()).isFalse();
    assertThat(transactions.open()).isInstanceOf(Committed.class);
    assertThat(transactions.isOpen()).isTrue();
    assertThat(producers).hasSize(1);
    assertThat(producer.history()).hasSize(1);
  }

  @Test
  void abortWithoutAnAnswerIsAskedForAgainWithTheSameProducer() {
    Transactions transactions = transactions(true);
    Producer producer = producers.getFirst();
    producer.commits.add(new KafkaException("a broker is away"));
    producer.aborts.add(new TimeoutException("no answer"));
    assertThat(run(transactions)).isInstanceOf(Unknown.class);
    assertThat(transactions.isOpen()).isFalse();
    assertThat(transactions.open()).isInstanceOf(Aborted.class);
    assertThat(transactions.isOpen()).isTrue();
    assertThat(run(transactions)).isInstanceOf(Committed.class);
    assertThat(producers).hasSize(1);
    assertThat(producer.history()).hasSize(1);
  }

  /**
   * The broker gives a newer loop another producer id once the epochs of the old one are used up.
   */
  @ParameterizedTest
  @EnumSource(Call.class)
  void newerLoopMayHaveAnotherProducerId(Call call) {
    Transactions transactions = transactions(true);
    fail(call, new InvalidPidMappingException("no such producer"), false);
    assertThat(run(transactions)).isInstanceOf(Unknown.class);
    Outcome outcome = transactions.open();
    assertThat(outcome).isInstanceOf(Fatal.class);
    assertThat(((Fatal) outcome).cause())
        .isInstanceOf(ProducerFencedException.class)
        .hasMessageContaining("'transactional.id' '" + ID + "'");
    assertThat(producers).hasSize(1);
  }

  /** As Kafka's client says it: without a cause. */
  @ParameterizedTest
  @EnumSource(Call.class)
  void loopThatCannotKnowWhetherThereIsANewerOneStops(Call call) {
    Transactions transactions = transactions(true);
    fail(call, new KafkaException("Unhandled error: an unexpected error of the server"), false);
    assertThat(run(transactions)).isInstanceOf(Unknown.class);
    question = new TimeoutException("the cluster is away");
    assertThat(transactions.open()).isInstanceOf(Aborted.class);
    question = null;
    Outcome outcome = transactions.open();
    assertThat(outcome).isInstanceOf(Fatal.class);
    assertThat(((Fatal) outcome).cause())
        .hasMessageContaining("'transactional.id' '" + ID + "'")
        .hasStackTraceContaining("an unexpected error of the server");
    assertThat(producers).hasSize(1);
  }

  /** The broker forgets an id that is not used for a week. */
  @Test
  void idThatTheBrokerHasForgottenIsOpenedAgain() {
    Transactions transactions = transactions(true);
    isKnown = false;
    fail(Call.OFFSETS, new InvalidPidMappingException("no such producer"), false);
    assertThat(run(transactions)).isInstanceOf(Unknown.class);
    assertThat(transactions.open()).isInstanceOf(Opened.class);
    assertThat(run(transactions)).isInstanceOf(Committed.class);
    assertThat(producers).hasSize(2);
  }

  @ParameterizedTest
  @FieldSource("TAKEOVERS")
  void generatedIdIsOpenedAgain(RuntimeException answer) {
    Transactions transactions = transactions(false);
    fail(Call.COMMIT, answer, false);
    assertThat(run(transactions)).isInstanceOf(Unknown.class);
    assertThat(transactions.open()).isInstanceOf(Opened.class);
    assertThat(run(transactions)).isInstanceOf(Committed.class);
    assertThat(producers).hasSize(2);
    transactions.close(Duration.ZERO);
  }
}
