package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.kafka.CorruptRecords;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.SlowDeserializer.Gate;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A pipeline over Kafka commits the records that it has settled. */
@ParameterizedClass
@ValueSource(strings = {"channels", "reactor"})
class KafkaSourceTest extends WithMockConsumer {

  /** The name of the engine that runs the pipelines. */
  @Parameter String engine = "channels";

  private KafkaSource.Builder<String, String> source() {
    return KafkaSource.<String, String>builder()
        .properties(properties())
        .topics("orders")
        .onError(errors::add)
        .commitInterval(Duration.ofMillis(10))
        .revokeTimeout(Duration.ofMillis(200))
        .factory(properties -> mock);
  }

  /** After its close the mock does not tell what is committed. */
  @Override
  protected long committed(TopicPartition partition) {
    return lastCommits.getOrDefault(partition, -1L);
  }

  private static int number(ConsumerRecord<String, String> record) {
    return Integer.parseInt(record.value().substring(1));
  }

  /** The records of a source, as numbers. */
  private Pipe<Integer> numbers() {
    return source().build().pipe("orders").map("number", KafkaSourceTest::number);
  }

  private <R> Run<R> start(Pipeline<R> pipeline) {
    return pipeline.start(Engine.named(engine), Context.background());
  }

  private void awaitCommit(TopicPartition partition, long offset) {
    await().until(() -> committed(partition) == offset);
  }

  @Test
  void recordsAreCommittedWhenThePipelineHasSettledThem() throws Exception {
    assign(100, P0, P1);
    var go = new CountDownLatch(1);
    var run =
        start(
            source()
                .build()
                .pipe("orders")
                .mapParallel("number", 4, KafkaSourceTest::number)
                .filter("even", n -> n % 2 == 0)
                .batch("batch", 7, Duration.ofMillis(5))
                .tee("wait", batch -> go.await())
                .to(Sink.count()));
    await().until(() -> run.report().stages().getFirst().emitted() > 3);
    // The odd records at the front are dropped by now, but record 0 is not settled.
    assertThat(committed(P0)).isLessThanOrEqualTo(0);
    assertThat(committed(P1)).isLessThanOrEqualTo(0);
    go.countDown();
    awaitCommit(P0, 100);
    awaitCommit(P1, 100);
    run.drain(Duration.ofSeconds(10));
    assertThat(run.join()).isPositive();
    assertThat(mock.closed()).isTrue();
    assertThat(errors).isEmpty();
  }

  @Test
  void recordsAreHandedOutInTheOrderOfTheirPartitionThoughNoneIsSettled() throws Exception {
    assign(300, P0);
    List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
    var run = start(numbers().tee("see", seen::add).batch("all", 300).to(Sink.count()));
    awaitCommit(P0, 300);
    run.close();
    assertThat(seen).hasSize(300).isSorted();
  }

  @Test
  void cancelledRunLeavesWhatItHasNotSettled() throws Exception {
    assign(10, P0);
    var reached = new CountDownLatch(1);
    var run =
        start(
            numbers()
                .tee(
                    "hang",
                    n -> {
                      if (n == 4) {
                        reached.countDown();
                        new CountDownLatch(1).await();
                      }
                    })
                .to(Sink.count()));
    reached.await();
    run.cancel(new IOException("stop"));
    assertThatThrownBy(run::join).isInstanceOf(CancellationException.class);
    assertThat(mock.closed()).isTrue();
    assertThat(committed(P0)).isEqualTo(4);
  }

  @Test
  void drainedRunCommitsWhatWasUnderWay() throws Exception {
    assign(50, P0);
    var run = start(source().build().pipe("orders").batch("batch", 1000).to(Sink.count()));
    await().until(() -> run.report().stages().get(1).emitted() == 50);
    assertThat(committed(P0)).isLessThanOrEqualTo(0);
    run.drain(Duration.ofSeconds(10));
    assertThat(run.join()).isEqualTo(1);
    assertThat(committed(P0)).isEqualTo(50);
  }

  /** A source whose deserializer refuses one value. */
  private KafkaSource<String, String> refusing(String value) {
    Deserializer<String> values =
        (topic, data) -> {
          String text = new String(data, StandardCharsets.UTF_8);
          if (text.equals(value)) {
            throw new IllegalStateException("refused");
          }
          return text;
        };
    return source().deserializers((topic, data) -> "k", values).build();
  }

  @Test
  void recordThatCanNotBeDeserializedIsAFailureOfTheRun() throws Exception {
    assign(10, P0);
    List<Failure<?>> failures = Collections.synchronizedList(new ArrayList<>());
    var run =
        refusing("v5")
            .pipe("orders")
            .to(Sink.count())
            .start(Engine.named(engine), Context.background(), failures::add);
    awaitCommit(P0, 10);
    run.drain(Duration.ofSeconds(10));
    assertThat(run.join()).isEqualTo(9);
    assertThat(failures).hasSize(1);
    Failure<?> failure = failures.getFirst();
    assertThat(failure.stage()).isEqualTo("orders/deserialize");
    assertThat(failure.cause()).isInstanceOf(RecordDeserializationException.class);
    assertThat(((Message<?, ?>) failure.element()).raw().offset()).isEqualTo(5);
  }

  @Test
  void recordThatCanNotBeDeserializedStopsTheRunAndIsNotCommitted() {
    assign(10, P0);
    var run = start(refusing("v5").pipe("orders").to(Sink.count()));
    assertThatThrownBy(run::join)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(RecordDeserializationException.class);
    assertThat(committed(P0)).isEqualTo(5);
  }

  @Test
  void recordThatCanNotBeDeserializedGoesToTheDeadLetters() throws Exception {
    assign(10, P0);
    List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());
    var run = start(refusing("v5").pipe("orders", letters::add).to(Sink.count()));
    awaitCommit(P0, 10);
    run.close();
    assertThat(letters).hasSize(1);
    assertThat(letters.getFirst().record().offset()).isEqualTo(5);
    assertThat(letters.getFirst().stage()).isEqualTo(DeadLetter.DESERIALIZE);
  }

  /** With this order, a batch that is not full would wait for records that wait for the batch. */
  @Test
  void recordsOfARevokedPartitionDoNotKeepThoseThatComeAgain() throws Exception {
    assign(5, P0);
    var seen = new ConcurrentSkipListSet<Integer>();
    var run = start(numbers().tee("see", seen::add).batch("ten", 10).to(Sink.toList()));
    await().until(() -> seen.size() == 5);
    mock.schedulePollTask(() -> mock.rebalance(List.of()));
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(P0));
          mock.updateBeginningOffsets(new HashMap<>(Map.of(P0, 0L)));
          add(P0, 0, 5);
        });
    awaitCommit(P0, 5); // the second five records have filled the batch
    run.drain(Duration.ofSeconds(10));
    assertThat(run.join()).hasSize(1);
  }

  @Test
  void failureOfTheConsumerStopsTheRun() {
    assign(5, P0);
    mock.schedulePollTask(
        () -> {
          throw new AuthorizationException("not for you");
        });
    var run = start(source().build().pipe("orders").to(Sink.count()));
    assertThatThrownBy(run::join).hasRootCauseInstanceOf(AuthorizationException.class);
  }

  @Test
  void slowPipelinePausesThePartition() throws Exception {
    assign(2_000, P0);
    var go = new CountDownLatch(1);
    var source = source().buffer(50).build();
    assertThat(source.health().state()).isEqualTo(State.STARTING);
    var run = start(source.pipe("orders").tee("wait", r -> go.await()).to(Sink.count()));
    await().until(() -> mock.paused().contains(P0));
    assertThat(source.partitions()).hasSize(1);
    long emitted = run.report().stages().getFirst().emitted();
    assertThat(emitted).isLessThan(100);
    go.countDown();
    awaitCommit(P0, 2_000);
    run.close();
    assertThat(source.health().state()).isEqualTo(State.STOPPED);
  }

  @Test
  void listenerThatBlocksKeepsNoRunFromItsEnd() throws Exception {
    assign(5, P0);
    var listening = new CountDownLatch(1);
    var interrupted = new CountDownLatch(1);
    var run =
        start(
            source()
                .closeTimeout(Duration.ofMillis(500))
                .onNotification(
                    change -> {
                      listening.countDown();
                      try {
                        new CountDownLatch(1).await();
                      } catch (InterruptedException e) {
                        interrupted.countDown();
                      }
                    })
                .build()
                .pipe("orders")
                .to(Sink.count()));
    listening.await();
    awaitCommit(P0, 5);
    run.drain(Duration.ofSeconds(10));
    assertThat(run.join()).isEqualTo(5);
    assertThat(interrupted.await(50, TimeUnit.SECONDS)).isTrue();
  }

  /** With {@code Ordering.KEY} the records of a key are handed out one by one. */
  @Test
  void orderedRecordIsHandedOutWhenTheOneBeforeIsSettled() throws Exception {
    assign(20, P0);
    Channel<Integer> inside = Channel.rendezvous();
    var run =
        start(
            source()
                .ordering(Ordering.PARTITION)
                .build()
                .pipe("orders")
                .map("number", KafkaSourceTest::number)
                .buffer("behind", 16)
                .to(Sink.channel(inside)));
    for (int i = 0; i < 20; i++) {
      assertThat(run.report().stages().getFirst().emitted()).isLessThanOrEqualTo(i + 1);
      assertThat(inside.receive()).isEqualTo(i);
    }
    awaitCommit(P0, 20);
    run.close();
  }

  /** And records of one partition are handed out in their order. */
  @Test
  void slowDeserializerHoldsUpNoOtherPartition() throws Exception {
    var gate = new Gate();
    Map<String, Object> properties = properties();
    properties.put("value.deserializer", SlowDeserializer.class);
    properties.put(SlowDeserializer.GATE, gate);
    assign(0, P0, P1);
    mock.schedulePollTask(
        () -> {
          mock.addRecord(
              new ConsumerRecord<>(P0.topic(), P0.partition(), 0, bytes("k"), bytes("slow")));
          add(P0, 1, 20);
          add(P1, 0, 20);
        });
    List<Long> offsets = Collections.synchronizedList(new ArrayList<>());
    var run =
        start(
            source()
                .properties(properties)
                .closeTimeout(Duration.ofSeconds(8))
                .build()
                .pipe("orders")
                .tee(
                    "see",
                    record -> {
                      if (record.partition() == P0.partition()) {
                        offsets.add(record.offset());
                      }
                    })
                .to(Sink.count()));
    awaitCommit(P1, 20);
    assertThat(gate.calls()).isEqualTo(1);
    assertThat(committed(P0)).isLessThan(1);
    gate.open();
    awaitCommit(P0, 20);
    run.close();
    assertThat(offsets).hasSize(20).isSorted();
  }

  @Test
  void drainDoesNotWaitForADeserializerThatIgnoresItsInterrupt() throws Exception {
    var gate = new Gate();
    Map<String, Object> properties = properties();
    properties.put("value.deserializer", SlowDeserializer.class);
    properties.put(SlowDeserializer.GATE, gate);
    assign(0, P0, P1);
    mock.schedulePollTask(
        () -> {
          mock.addRecord(
              new ConsumerRecord<>(P0.topic(), P0.partition(), 0, bytes("k"), bytes("slow")));
          add(P1, 0, 20);
        });
    var close = Duration.ofSeconds(40);
    var run =
        start(
            source()
                .properties(properties)
                .closeTimeout(close)
                .build()
                .pipe("orders")
                .to(Sink.count()));
    awaitCommit(P1, 20);
    await().until(() -> gate.calls() == 1);
    long from = System.nanoTime();
    run.drain(close);
    assertThat(run.join()).isEqualTo(20);
    assertThat(Duration.ofNanos(System.nanoTime() - from)).isLessThan(close.dividedBy(2));
    assertThat(mock.closed()).isTrue();
    gate.open();
  }

  /** With a stage whose element is a message, and with one whose element is a record. */
  @ParameterizedTest
  @ValueSource(strings = {"orders/deserialize", "number"})
  void failureHandlerThatThrowsStopsTheRunWhichNamesTheRecordAndBothCauses(String stage) {
    assign(10, P0);
    var source =
        stage.equals("number")
            ? source().deserializers((topic, data) -> "k", (topic, data) -> "no number").build()
            : refusing("v0");
    var run =
        source
            .pipe("orders")
            .map("number", KafkaSourceTest::number)
            .to(Sink.count())
            .start(
                Engine.named(engine),
                Context.background(),
                failure -> {
                  throw new IOException("the handler is broken");
                });
    assertThatThrownBy(run::join)
        .hasStackTraceContaining("the handler is broken")
        .hasStackTraceContaining(stage.equals("number") ? "NumberFormat" : "refused")
        .satisfies(
            e ->
                assertThat(text(e))
                    .contains(stage)
                    .containsPattern("orders(-| at partition |, partition = )0")
                    .containsPattern("offset (= )?0"));
  }

  @Test
  void recordWhoseBatchIsCorruptStopsTheRunWhichNamesIt() {
    assignWithCorruptRecordAt(2, 5);
    var run = start(numbers().to(Sink.count()));
    assertThatThrownBy(run::join)
        .hasStackTraceContaining("the record of orders-0 at offset 2 cannot be read")
        .hasStackTraceContaining("corruptRecords(FAIL)");
  }

  @Test
  void recordWhoseBatchIsCorruptIsAFailureByPolicyAndTheRunGoesOnBehindIt() throws Exception {
    assignWithCorruptRecordAt(2, 5);
    List<Failure<?>> failures = Collections.synchronizedList(new ArrayList<>());
    var run =
        source()
            .corruptRecords(CorruptRecords.FAIL)
            .build()
            .pipe("orders")
            .to(Sink.count())
            .start(Engine.named(engine), Context.background(), failures::add);
    awaitCommit(P0, 5);
    run.drain(Duration.ofSeconds(10));
    assertThat(run.join()).isEqualTo(4);
    assertThat(failures).hasSize(1);
    assertThat(((Message<?, ?>) failures.getFirst().element()).raw().offset()).isEqualTo(2);
  }

  private static String text(Throwable e) {
    var trace = new StringWriter();
    e.printStackTrace(new PrintWriter(trace));
    return trace.toString();
  }
}
