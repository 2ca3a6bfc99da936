package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.kafka.TransactionalHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

/** Loops whose outputs and offsets are committed together, on any face. */
public abstract class TransactionPromises extends WithMockBroker {

  private static final Backoff SHORT = Backoff.fixed(Duration.ofMillis(1));

  private static List<String> outputs(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "<v" + i + ">").toList();
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
    var afterRevoke = new CompletableFuture<Integer>();
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(P0));
          afterRevoke.complete(produced().size());
        });
    // The commit of the start may have had some of the other partition's.
    assertThat(afterRevoke.get()).isBetween(10, 20);
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
