package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopBuilder;
import dev.millrace.kafka.Output;
import dev.millrace.kafka.TransactionalHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Loops whose outputs and offsets are committed together, on any face. */
public abstract class TransactionPromises extends WithMockConsumer {

  private static final Backoff SHORT = Backoff.fixed(Duration.ofMillis(1));

  /** A broker that commits, or does something else. */
  private class Broker extends MockProducer<byte[], byte[]> {
    private final RecordTooLargeException tooLarge = new RecordTooLargeException("too large");
    private final List<Pending> pending = new ArrayList<>();
    private volatile Map<TopicPartition, OffsetAndMetadata> offsets = Map.of();

    Broker() {
      super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public void sendOffsetsToTransaction(
        Map<TopicPartition, OffsetAndMetadata> some, ConsumerGroupMetadata group) {
      super.sendOffsetsToTransaction(some, group);
      offsets = some;
    }

    @Override
    public void commitTransaction() {
      RuntimeException failure = failures.isEmpty() ? null : failures.removeFirst();
      if (failure != null && !(failure instanceof Unanswered unanswered && unanswered.commits)) {
        throw failure;
      }
      super.commitTransaction();
      pending.clear();
      mock.commitSync(offsets);
      if (failure != null) {
        throw failure;
      }
    }

    /** As Kafka's: what was not sent yet fails at once with what makes the transaction fail. */
    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
      var one = new Pending(callback, new CompletableFuture<>());
      if (text(record.value()).equals(refused)) {
        failures.add(0, new KafkaException("in an error state"));
        one.fail(tooLarge);
        pending.forEach(other -> other.fail(tooLarge));
        pending.clear();
        return one.answer();
      }
      Future<RecordMetadata> _ = super.send(record, null); // it has no answer until the end
      pending.add(one);
      return one.answer();
    }
  }

  /** A record that was sent, and is not answered. */
  private record Pending(@Nullable Callback callback, CompletableFuture<RecordMetadata> answer) {
    void fail(RuntimeException failure) {
      answer.completeExceptionally(failure);
      if (callback != null) {
        callback.onCompletion(null, failure);
      }
    }
  }

  /** Of a commit that may have happened. */
  private static final class Unanswered extends TimeoutException {
    private static final long serialVersionUID = 1L;
    private final boolean commits;

    Unanswered(boolean commits) {
      super("no answer");
      this.commits = commits;
    }
  }

  private final List<Broker> producers = Collections.synchronizedList(new ArrayList<>());

  /** What the next commits come to. */
  private final List<RuntimeException> failures = Collections.synchronizedList(new ArrayList<>());

  private volatile @Nullable String refused;

  /** The builder of a loop of that face with that handler, which may block. */
  protected abstract LoopBuilder<String, String, ?> transactional(
      TransactionalHandler<String, String, String, String> handler,
      Function<Map<String, Object>, Producer<byte[], byte[]>> producers);

  protected LoopBuilder<String, String, ?> loop(
      TransactionalHandler<String, String, String, String> handler) {
    return transactional(handler, producers());
  }

  /** Makes producers whose broker is the test. */
  protected final Function<Map<String, Object>, Producer<byte[], byte[]>> producers() {
    return properties -> {
      var producer = new Broker();
      producers.add(producer);
      return producer;
    };
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** What readers of committed records see, by any of the producers. */
  protected List<String> produced() {
    synchronized (producers) {
      return producers.stream()
          .flatMap(producer -> producer.history().stream())
          .map(record -> text(record.value()))
          .toList();
    }
  }

  private static List<String> outputs(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "<v" + i + ">").toList();
  }

  protected static void send(String value, Output<String, String> output) {
    output.send(new ProducerRecord<>("invoices", "k", "<" + value + ">"));
  }

  private static void drain(Loop loop, FutureTask<String> running) throws Exception {
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
  }

  protected void runUntilCommit(Loop loop, long offset) throws Exception {
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == offset);
    drain(loop, running);
    assertThat(producers).allMatch(MockProducer::closed);
  }

  @Test
  void outputsAndOffsetsAreCommittedTogetherInTheOrderOfTheRecords() throws Exception {
    assign(100, P0);
    runUntilCommit(loop((record, output) -> send(record.value(), output)).build(), 100);
    assertThat(produced()).isEqualTo(outputs(0, 100));
  }

  @Test
  void outputWaitsForTheRecordsBeforeItsOwn() throws Exception {
    assign(10, P0);
    var gate = new CountDownLatch(1);
    var others = new CountDownLatch(9);
    var loop =
        loop((record, output) -> {
              if (record.offset() == 3) {
                gate.await();
              }
              send(record.value(), output);
              others.countDown();
            })
            .build();
    var running = start(loop, Context.background());
    others.await();
    await().until(() -> committed(P0) == 3);
    assertThat(produced()).isEqualTo(outputs(0, 3));
    gate.countDown();
    await().until(() -> committed(P0) == 10);
    assertThat(produced()).isEqualTo(outputs(0, 10));
    drain(loop, running);
  }

  @Test
  void attemptThatFailsProducesNothing() throws Exception {
    assign(5, P0);
    var attempts = new AtomicInteger();
    runUntilCommit(
        loop((record, output) -> {
              send(record.value(), output);
              if (record.offset() == 2 && attempts.incrementAndGet() < 3) {
                throw new IOException("not yet");
              }
            })
            .retry(3, SHORT)
            .build(),
        5);
    assertThat(produced()).isEqualTo(outputs(0, 5));
  }

  @Test
  void abortedTransactionIsRepeatedWithoutRunningHandlersAgain() throws Exception {
    assign(10, P0);
    failures.add(new KafkaException("a broker is away"));
    failures.add(new CommitFailedException("an old generation"));
    var handled = new AtomicInteger();
    runUntilCommit(
        loop((record, output) -> {
              handled.incrementAndGet();
              send(record.value(), output);
            })
            .build(),
        10);
    assertThat(produced()).isEqualTo(outputs(0, 10));
    assertThat(handled).hasValue(10);
    assertThat(errors).hasSize(2);
    assertThat(producers).hasSize(1);
  }

  @Test
  void commitWithoutAnAnswerThatHasHappenedIsNotRepeated() throws Exception {
    assign(10, P0);
    failures.addAll(List.of(new Unanswered(true), new Unanswered(false)));
    var loop = loop((record, output) -> send(record.value(), output)).build();
    var running = start(loop, Context.background());
    await().until(() -> producers.size() == 2 && committed(P0) == 10);
    mock.schedulePollTask(() -> add(P0, 10, 20));
    await().until(() -> committed(P0) == 20);
    drain(loop, running);
    assertThat(produced()).isEqualTo(outputs(0, 20));
  }

  @Test
  void commitWithoutAnAnswerThatHasNotHappenedIsRepeated() throws Exception {
    assign(10, P0);
    failures.addAll(List.of(new Unanswered(false), new Unanswered(false)));
    runUntilCommit(loop((record, output) -> send(record.value(), output)).build(), 10);
    assertThat(producers).hasSize(2);
    assertThat(produced()).isEqualTo(outputs(0, 10));
  }

  @Test
  void producerThatTheBrokerHasTimedOutIsReplaced() throws Exception {
    assign(10, P0);
    var loop = loop((record, output) -> send(record.value(), output)).build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 10);
    producers.getFirst().fenceProducer();
    mock.schedulePollTask(() -> add(P0, 10, 20));
    await().until(() -> committed(P0) == 20);
    drain(loop, running);
    assertThat(producers).hasSize(2);
    assertThat(produced()).isEqualTo(outputs(0, 20));
  }

  @Test
  void producerThatIsFencedThoughItsIdWasGivenStopsTheLoop() throws Exception {
    assign(10, P0);
    var loop =
        loop((record, output) -> send(record.value(), output))
            .producerProperties(Map.of("transactional.id", "shop-1"))
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 10);
    producers.getFirst().fenceProducer();
    mock.schedulePollTask(() -> add(P0, 10, 20));
    assertThatThrownBy(running::get).hasRootCauseInstanceOf(ProducerFencedException.class);
    assertThat(produced()).isEqualTo(outputs(0, 10));
  }

  @Test
  void failureThatOnlyPeopleCanMendStopsTheLoop() throws Exception {
    assign(10, P0);
    failures.add(new TopicAuthorizationException("invoices"));
    var loop = loop((record, output) -> send(record.value(), output)).build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(TopicAuthorizationException.class);
    assertThat(produced()).isEmpty();
  }

  @Test
  void outputThatTheBrokerRefusesMakesItsRecordADeadLetter() throws Exception {
    assign(10, P0);
    refused = "<v4>";
    runUntilCommit(
        loop((record, output) -> send(record.value(), output)).deadLetterTopic("dead").build(), 10);
    List<String> expected = new ArrayList<>(outputs(0, 10));
    expected.set(4, "v4");
    assertThat(produced()).isEqualTo(expected);
  }

  @Test
  void outputThatTheBrokerRefusesStopsTheLoopWithoutDeadLetters() throws Exception {
    assign(10, P0);
    refused = "<v4>";
    var loop = loop((record, output) -> send(record.value(), output)).build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("orders-0 at offset 4")
        .hasRootCauseInstanceOf(RecordTooLargeException.class);
    assertThat(produced()).doesNotContain("<v4>", "<v5>");
  }

  @Test
  void deadLetterIsPartOfTheTransaction() throws Exception {
    assign(3, P0);
    failures.add(new KafkaException("a broker is away"));
    runUntilCommit(
        loop((record, output) -> {
              if (record.offset() == 1) {
                throw new IOException("poison");
              }
              send(record.value(), output);
            })
            .deadLetterTopic("dead")
            .build(),
        3);
    assertThat(produced()).containsExactly("<v0>", "v1", "<v2>");
    ProducerRecord<byte[], byte[]> letter = producers.getFirst().history().get(1);
    assertThat(letter.topic()).isEqualTo("dead");
    assertThat(text(letter.headers().lastHeader(DeadLetterHeaders.REASON).value()))
        .isEqualTo("poison");
  }

  @Test
  void partitionThatIsTakenAwayIsCommittedFirst() throws Exception {
    assign(10, P0, P1);
    var handled = new AtomicInteger();
    var loop =
        loop((record, output) -> {
              handled.incrementAndGet();
              send(record.value(), output);
            })
            .commitInterval(Duration.ofHours(1))
            .build();
    var running = start(loop, Context.background());
    await().until(() -> handled.get() == 20);
    var revoked = new CountDownLatch(1);
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(P0));
          assertThat(produced()).hasSize(10);
          revoked.countDown();
        });
    revoked.await();
    drain(loop, running);
    assertThat(produced()).hasSize(20);
  }

  @Test
  void settingsThatMakeTransactionsImpossibleAreRefused() {
    TransactionalHandler<String, String, String, String> none = (record, output) -> {};
    assertThatThrownBy(() -> loop(none).producerProperties(Map.of("acks", "1")).build())
        .hasMessageContaining("acks");
    assertThatThrownBy(
            () -> loop(none).producerProperties(Map.of("enable.idempotence", "false")).build())
        .hasMessageContaining("enable.idempotence");
  }
}
