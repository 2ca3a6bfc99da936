package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.pipeline.FailureHandlers;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.Deserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** What a pipeline produces is committed with the offsets of what it was made of. */
@ParameterizedClass
@ValueSource(strings = {"channels", "reactor"})
class TransactionalSinkTest extends WithTransactionalSource {

  private static List<String> values(int to) {
    return IntStream.range(0, to).mapToObj(i -> "v" + i).toList();
  }

  @Test
  void outputsAndOffsetsAreCommittedTogetherInTheOrderOfThePipe() throws Exception {
    assign(100, P0);
    var source = source().build();
    var run =
        start(
            source.pipe("orders").mapParallel("value", 8, ConsumerRecord::value).to(sink(source)));
    awaitCommit(P0, 100);
    run.drain(Duration.ofSeconds(10));
    assertThat(run.join()).isEqualTo(100);
    assertThat(produced()).isEqualTo(values(100));
    assertThat(errors).isEmpty();
  }

  @Test
  void outputWaitsForTheRecordsBeforeItsOwn() throws Exception {
    assign(10, P0);
    var gate = new CountDownLatch(1);
    var source = source().build();
    var run =
        start(
            source
                .pipe("orders")
                .mapParallelUnordered(
                    "place",
                    4,
                    record -> {
                      if (record.offset() == 3) {
                        gate.await();
                      }
                      return place(record);
                    })
                .to(sink(source)));
    awaitCommit(P0, 3);
    await().until(() -> run.report().stages().getLast().processed() == 9);
    assertThat(produced()).hasSize(3);
    gate.countDown();
    awaitCommit(P0, 10);
    drain(run);
    assertThat(produced()).hasSize(10);
    assertOutputsAreCommittedWithAllTheirSources();
  }

  @Test
  void outputOfABatchIsCommittedWithAllItsRecords() throws Exception {
    assign(300, P0, P1);
    var source = source().build();
    var run =
        start(
            source
                .pipe("orders")
                .mapParallelUnordered(
                    "shuffle",
                    16,
                    record -> {
                      if (ThreadLocalRandom.current().nextInt(20) == 0) {
                        Thread.sleep(20); // so that records of one batch are far from each other
                      }
                      return record;
                    })
                .batch("batch", 7, Duration.ofMillis(20))
                .map("places", WithTransactionalSource::places)
                .to(sink(source)));
    awaitCommit(P0, 300);
    awaitCommit(P1, 300);
    drain(run);
    assertOutputsAreCommittedWithAllTheirSources();
    List<String> all =
        produced().stream().flatMap(output -> Stream.of(output.split(" ", -1))).toList();
    assertThat(all).hasSize(600).doesNotHaveDuplicates();
  }

  @Test
  void recordMayHaveNoOutputOrSeveral() throws Exception {
    assign(10, P0);
    var source = source().build();
    var run =
        start(
            source
                .pipe("orders")
                .filter("even", record -> record.offset() % 2 == 0)
                .flatMap("twice", record -> List.of(record.value() + "a", record.value() + "b"))
                .to(sink(source)));
    awaitCommit(P0, 10);
    drain(run);
    assertThat(produced())
        .containsExactly("v0a", "v0b", "v2a", "v2b", "v4a", "v4b", "v6a", "v6b", "v8a", "v8b");
  }

  @Test
  void twoSinksProduceInOneTransaction() throws Exception {
    assign(50, P0);
    var source = source().build();
    TransactionalSink<String> left = sink(source, "left");
    TransactionalSink<String> right = sink(source, "right");
    var run =
        start(
            source
                .pipe("orders")
                .<String>broadcast(
                    "both",
                    List.of(
                        pipe -> left.stages(pipe.map("l", WithTransactionalSource::place)),
                        pipe -> right.stages(pipe.map("r", WithTransactionalSource::place))))
                .to(Sink.count()));
    awaitCommit(P0, 50);
    drain(run);
    assertOutputsAreCommittedWithAllTheirSources();
    assertThat(produced()).hasSize(100);
    assertThat(produced().stream().distinct()).hasSize(50);
  }

  @Test
  void failedElementIsADeadLetterInTheTransactionOfItsRecords() throws Exception {
    assign(20, P0);
    var source = source().deadLetterTopic("dead").build();
    var run =
        start(
            source
                .pipe("orders")
                .batch("batch", 4)
                .map(
                    "places",
                    batch -> {
                      if (batch.getFirst().offset() == 8) {
                        throw new IOException("no");
                      }
                      return places(batch);
                    })
                .to(sink(source)),
            FailureHandlers.choose(
                failure -> failure.cause() instanceof IOException,
                source.toDeadLetters(),
                FailureHandlers.stop()));
    awaitCommit(P0, 20);
    drain(run);
    List<ProducerRecord<byte[], byte[]>> letters = letters();
    assertThat(letters.stream().map(letter -> text(letter.value())))
        .containsExactly("v8", "v9", "v10", "v11");
    assertThat(header(letters.getFirst(), DeadLetterHeaders.STAGE)).isEqualTo("handle");
    assertThat(header(letters.getFirst(), DeadLetterHeaders.REASON)).isEqualTo("no");
    assertThat(header(letters.getFirst(), DeadLetterHeaders.GROUP)).isEqualTo("test");
    assertThat(produced()).hasSize(4 + 4);
    for (Transaction one : transactions) {
      boolean hasLetters = one.values().contains("v8");
      assertThat(one.values().contains("v11")).isEqualTo(hasLetters);
      if (hasLetters) {
        assertThat(Objects.requireNonNull(one.offsets().get(P0)).offset())
            .isGreaterThanOrEqualTo(12);
      }
    }
  }

  private List<ProducerRecord<byte[], byte[]>> letters() {
    return producers.stream()
        .flatMap(producer -> producer.history().stream())
        .filter(record -> record.topic().equals("dead"))
        .toList();
  }

  private static String header(ProducerRecord<?, ?> record, String name) {
    Header header = record.headers().lastHeader(name);
    return text(header.value());
  }

  @Test
  void recordThatCannotBeDeserializedIsADeadLetterInTheTransaction() throws Exception {
    assign(10, P0);
    Deserializer<String> values =
        (topic, data) -> {
          if (text(data).equals("v5")) {
            throw new IllegalStateException("refused");
          }
          return text(data);
        };
    var source =
        source().deserializers((topic, data) -> "k", values).deadLetterTopic("dead").build();
    var run =
        start(
            source.pipe("orders").map("value", ConsumerRecord::value).to(sink(source)),
            source.toDeadLetters());
    awaitCommit(P0, 10);
    drain(run);
    assertThat(letters()).hasSize(1);
    assertThat(header(letters().getFirst(), DeadLetterHeaders.STAGE)).isEqualTo("deserialize");
    assertThat(produced()).hasSize(10);
  }

  @Test
  void recordHasOneLetterThoughSeveralOfItsElementsFail() throws Exception {
    assign(3, P0);
    var source = source().deadLetterTopic("dead").build();
    var run =
        start(
            source
                .pipe("orders")
                .onFailure(FailurePolicy.deadLetters(source.toDeadLetters()))
                .flatMap("three", record -> List.of("x", "y", place(record)))
                .tee(
                    "refuse",
                    text -> {
                      if (text.length() == 1) {
                        throw new IOException("too short");
                      }
                    })
                .to(sink(source)));
    awaitCommit(P0, 3);
    drain(run);
    assertThat(letters()).hasSize(3);
    assertThat(produced()).contains("0@0", "0@1", "0@2").hasSize(6);
  }

  @Test
  void outputThatTheBrokerRefusesMakesAllItsRecordsDeadLetters() throws Exception {
    assign(12, P0);
    refused = "0@4 0@5 0@6 0@7";
    var source = source().deadLetterTopic("dead").build();
    var run =
        start(
            source
                .pipe("orders")
                .batch("batch", 4)
                .map("places", WithTransactionalSource::places)
                .to(sink(source)));
    awaitCommit(P0, 12);
    drain(run);
    assertThat(letters().stream().map(letter -> text(letter.value())))
        .containsExactly("v4", "v5", "v6", "v7");
    assertThat(produced()).contains("0@0 0@1 0@2 0@3", "0@8 0@9 0@10 0@11").hasSize(6);
    assertThat(errors).hasSize(1);
  }

  @Test
  void outputThatTheBrokerRefusesStopsTheRunWithoutADeadLetterTopic() {
    assign(5, P0);
    refused = "v2";
    var source = source().build();
    Run<Long> run =
        start(source.pipe("orders").map("value", ConsumerRecord::value).to(sink(source)));
    assertThatThrownBy(run::join)
        .isInstanceOf(ExecutionException.class)
        .hasStackTraceContaining("orders-0 at offset 2")
        .hasStackTraceContaining("too large");
    assertThat(committed(P0)).isLessThanOrEqualTo(2);
  }

  @Test
  void abortedTransactionIsRepeatedWithoutRunningTheStagesAgain() throws Exception {
    assign(10, P0);
    failures.add(new KafkaException("a broker is away"));
    List<String> seen = Collections.synchronizedList(new ArrayList<>());
    var source = source().build();
    var run =
        start(
            source
                .pipe("orders")
                .map("value", ConsumerRecord::value)
                .tee("see", seen::add)
                .to(sink(source)));
    awaitCommit(P0, 10);
    drain(run);
    assertThat(seen).isEqualTo(values(10));
    assertThat(produced()).isEqualTo(values(10));
    assertThat(errors).hasSize(1);
  }

  @Test
  void cancelledRunCommitsWhatIsSettledAndProducesNothingElse() throws Exception {
    assign(10, P0);
    var reached = new CountDownLatch(1);
    var source = source().commitInterval(Duration.ofMinutes(1)).build();
    var run =
        start(
            source
                .pipe("orders")
                .map(
                    "hang",
                    record -> {
                      if (record.offset() == 4) {
                        reached.countDown();
                        new CountDownLatch(1).await();
                      }
                      return record.value();
                    })
                .to(sink(source)));
    reached.await();
    run.cancel(new IOException("stop"));
    assertThatThrownBy(run::join).isInstanceOf(CancellationException.class);
    assertThat(committed(P0)).isEqualTo(4);
    assertThat(produced()).isEqualTo(values(4));
  }

  @Test
  void lastTransactionThatFailsIsAFailureOfTheRun() throws Exception {
    assign(10, P0);
    var source = source().commitInterval(Duration.ofMinutes(1)).build();
    var run = start(source.pipe("orders").map("value", ConsumerRecord::value).to(sink(source)));
    await().until(() -> run.report().stages().getLast().processed() == 10);
    failures.addAll(Collections.nCopies(10, new KafkaException("a broker is away")));
    run.drain(Duration.ofSeconds(10));
    assertThatThrownBy(run::join)
        .isInstanceOf(ExecutionException.class)
        .hasStackTraceContaining("the last transaction of the source was not committed");
    assertThat(produced()).isEmpty();
    assertThat(committed(P0)).isLessThanOrEqualTo(0);
  }

  @Test
  void elementOfNoRecordIsAFailure() {
    assign(3, P0);
    var source = source().build();
    Run<Long> run =
        start(
            source
                .pipe("orders")
                .map("value", ConsumerRecord::value)
                .via("end", WithAnEnd::new)
                .to(sink(source)));
    awaitCommit(P0, 3);
    run.drain(Duration.ofSeconds(10));
    assertThatThrownBy(run::join)
        .hasStackTraceContaining("made of no record of the source")
        .hasStackTraceContaining("'produce'");
  }

  /** Emits one more element at the end, although it holds none. */
  private static final class WithAnEnd implements Transform.Stateless<String, String> {
    @Override
    public Outcome accept(String element, Emitter<? super String> out) {
      out.emit(element);
      return Outcome.USED;
    }

    @Override
    public void end(Emitter<? super String> out) {
      out.emit("the end");
    }
  }
}
