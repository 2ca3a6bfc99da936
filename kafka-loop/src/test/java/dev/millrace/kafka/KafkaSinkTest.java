package dev.millrace.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Settlement;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** A pipeline that ends in Kafka settles the elements that a broker has acknowledged. */
@Timeout(60)
@ParameterizedClass
@ValueSource(strings = {"channels", "reactor"})
class KafkaSinkTest {

  /** A topic with four partitions. */
  private static final Cluster CLUSTER =
      new Cluster(
          "cluster",
          List.of(Node.noNode()),
          IntStream.range(0, 4)
              .mapToObj(
                  number -> new PartitionInfo("prices", number, null, new Node[0], new Node[0]))
              .toList(),
          Set.of(),
          Set.of());

  private final String engine;

  private final Queue<Integer> settled = new ConcurrentLinkedQueue<>();
  private final Queue<Integer> abandoned = new ConcurrentLinkedQueue<>();
  private final Queue<Failure<?>> failures = new ConcurrentLinkedQueue<>();
  private final List<Mock> producers = new ArrayList<>();

  KafkaSinkTest(String engine) {
    this.engine = engine;
  }

  /** Kafka's own mock. The test plays the broker. */
  private static class Mock extends MockProducer<String, String> {
    final Queue<Duration> closes = new ConcurrentLinkedQueue<>();

    Mock(boolean autoComplete) {
      super(CLUSTER, autoComplete, null, new StringSerializer(), new StringSerializer());
    }

    @Override
    public void close(Duration timeout) {
      closes.add(timeout);
      super.close(timeout);
    }

    List<String> values() {
      return history().stream().map(ProducerRecord::value).toList();
    }
  }

  private Mock producer = new Mock(false);

  private static ProducerRecord<String, String> record(int number) {
    return new ProducerRecord<>("prices", 3, "key-" + number, "value-" + number);
  }

  private KafkaSink.Builder<Integer, String, String> sink() {
    return KafkaSink.<Integer, String, String>builder(KafkaSinkTest::record)
        .producer(
            () -> {
              producers.add(producer);
              return producer;
            });
  }

  private Pipe<Integer> settling(Source<Integer> source) {
    return Pipe.from(
        Source.settling(
            source,
            new Settlement<>() {
              @Override
              public void settled(Integer element) {
                settled.add(element);
              }

              @Override
              public void abandoned(Integer element) {
                abandoned.add(element);
              }
            }));
  }

  private Pipe<Integer> numbers(int count) {
    return settling(Source.of(IntStream.range(0, count).boxed().toList()));
  }

  private <R> Run<R> start(Pipeline<R> pipeline) {
    return pipeline.start(Engine.named(engine), Context.background());
  }

  private void awaitSent(int count) {
    await().until(() -> producer.history().size() >= count);
  }

  @Test
  void anElementIsSettledWhenItsRecordIsAcknowledged() throws Exception {
    Channel<Integer> input = Channel.buffered(10);
    Run<Long> run = start(settling(Source.channel(input)).to(sink().build()));
    for (int i = 0; i < 3; i++) {
      input.send(i);
    }
    awaitSent(3);
    assertThat(settled).isEmpty();
    producer.completeNext();
    await().until(() -> List.copyOf(settled).equals(List.of(0))); // no later element is needed
    producer.completeNext();
    producer.completeNext();
    await().until(() -> List.copyOf(settled).equals(List.of(0, 1, 2)));
    input.close();
    assertThat(run.join()).isEqualTo(3);
    assertThat(producer.values()).containsExactly("value-0", "value-1", "value-2");
  }

  @Test
  void thePipeWaitsWhileTooManyRecordsAreInFlight() throws Exception {
    Run<Long> run = start(numbers(20).to(sink().inFlight(4).build()));
    int acknowledged = 0;
    while (acknowledged < 20) {
      int most = Math.min(20, acknowledged + 4);
      awaitSent(most);
      assertThat(producer.history()).hasSize(most);
      producer.completeNext();
      acknowledged++;
    }
    assertThat(run.join()).isEqualTo(20);
    assertThat(settled).hasSize(20);
    assertThat(run.report().balances()).isTrue();
  }

  @Test
  void aFailedRecordStopsTheRunAndNothingBehindItIsSettled() {
    Run<Long> run = start(numbers(3).to(sink().build()));
    awaitSent(3);
    producer.completeNext();
    await().until(() -> settled.size() == 1);
    producer.errorNext(new TimeoutException("expired"));
    producer.completeNext();
    assertThatThrownBy(run::join)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(ProduceFailedException.class)
        .hasMessageContaining("key 'key-1' was not produced to prices-3")
        .hasMessageContaining("expired")
        .hasMessageContaining("bootstrap.servers")
        .hasMessageNotContaining("value-1")
        .hasCauseInstanceOf(TimeoutException.class);
    assertThat(settled).containsExactly(0);
    assertThat(abandoned).containsExactlyInAnyOrder(1, 2);
  }

  @Test
  void aFailedRecordGoesToTheFailureChannelAndIsThenSettled() throws Exception {
    Pipeline<Long> job =
        numbers(3).onFailure(FailurePolicy.deadLetters(failures::add)).to(sink().build());
    Run<Long> run = start(job);
    awaitSent(3);
    producer.completeNext();
    producer.errorNext(new RecordTooLargeException("too large"));
    producer.completeNext();
    assertThat(run.join()).isEqualTo(2);
    assertThat(settled).containsExactly(0, 1, 2);
    assertThat(failures).hasSize(1);
    Failure<?> failure = failures.element();
    assertThat(failure.stage()).isEqualTo("produce/acknowledge");
    assertThat(failure.element())
        .isInstanceOfSatisfying(
            Sent.class,
            sent -> {
              assertThat(sent.element()).isEqualTo(1);
              assertThat(sent.record()).isEqualTo(record(1));
              assertThat(sent.metadata()).isNull();
              assertThat(sent).hasToString("record with the key 'key-1' for prices-3");
            });
    assertThat(failure.cause())
        .hasMessageContaining("max.message.bytes")
        .isInstanceOfSatisfying(
            ProduceFailedException.class,
            thrown -> {
              assertThat(thrown.topic()).isEqualTo("prices");
              assertThat(thrown.partition()).isEqualTo(3);
            });
  }

  @Test
  void anExceptionOfTheProducerIsAFailureOfTheElement() throws Exception {
    producer = new Mock(true);
    producer.sendException = new SerializationException("no serializer");
    Pipeline<Long> job =
        numbers(2)
            .onFailure(FailurePolicy.deadLetters(failures::add))
            .to(sink().inFlight(1).build()); // a refused record keeps no permit
    assertThat(start(job).join()).isZero();
    assertThat(failures)
        .hasSize(2)
        .allSatisfy(
            failure ->
                assertThat(failure.cause()).hasMessageContaining("Give a serializer that fits"));
    assertThat(settled).containsExactly(0, 1);
  }

  @Test
  void aClosedProducerStopsTheRun() {
    producer.close();
    Run<Long> run = start(numbers(2).to(sink().build()));
    assertThatThrownBy(run::join)
        .hasMessageContaining("Only the sink may close its producer")
        .hasRootCauseInstanceOf(IllegalStateException.class);
    assertThat(settled).isEmpty();
  }

  @Test
  void aFailureOfTheFunctionIsAFailureOfTheElement() throws Exception {
    producer = new Mock(true);
    KafkaSink<Integer> sink =
        KafkaSink.<Integer, String, String>builder(
                number -> {
                  if (number == 1) {
                    throw new IOException("no price");
                  }
                  return record(number);
                })
            .producer(() -> producer)
            .name("prices")
            .build();
    Pipeline<Long> job = numbers(3).onFailure(FailurePolicy.deadLetters(failures::add)).to(sink);
    assertThat(start(job).join()).isEqualTo(2);
    assertThat(failures).hasSize(1);
    assertThat(failures.element().stage()).isEqualTo("prices");
    assertThat(failures.element().element()).isEqualTo(1);
  }

  @Test
  void theProducerIsClosedOnceAfterTheLastAcknowledgement() throws Exception {
    Run<Long> run = start(numbers(2).to(sink().closeTimeout(Duration.ofSeconds(7)).build()));
    awaitSent(2);
    producer.completeNext();
    await().until(() -> settled.size() == 1);
    assertThat(producer.closes).isEmpty();
    producer.completeNext();
    run.join();
    assertThat(producer.closes).containsExactly(Duration.ofSeconds(7));
  }

  @Test
  void aCancelledRunClosesTheProducerOnceAndDoesNotWaitForAnswers() {
    Run<Long> run = start(numbers(2).to(sink().build()));
    awaitSent(2);
    run.cancel(new IOException("enough"));
    assertThatThrownBy(run::join).isInstanceOf(CancellationException.class);
    assertThat(producer.closes).containsExactly(Duration.ZERO);
    assertThat(settled).isEmpty();
    assertThat(abandoned).containsExactlyInAnyOrder(0, 1);
  }

  @Test
  void aSendThatBlocksIsInterrupted() throws Exception {
    var blocked = new CountDownLatch(1);
    producer =
        new Mock(false) {
          @Override
          public synchronized Future<RecordMetadata> send(
              ProducerRecord<String, String> one, Callback after) {
            try {
              blocked.countDown();
              new CountDownLatch(1).await(); // as for the metadata of a broker that is away
              throw new AssertionError();
            } catch (InterruptedException e) {
              throw new InterruptException(e);
            }
          }
        };
    Run<Long> run = start(numbers(2).to(sink().build()));
    blocked.await();
    run.cancel(new IOException("enough"));
    assertThatThrownBy(run::join)
        .isInstanceOf(CancellationException.class)
        .hasRootCauseMessage("enough");
    assertThat(abandoned).isNotEmpty();
    assertThat(settled).isEmpty();
  }

  @Test
  void eachRunHasAProducerOfItsOwn() throws Exception {
    Pipeline<Long> job = Pipe.from(Source.of(List.of(1, 2))).to(sink().build());
    assertThat(producers).isEmpty();
    for (int i = 0; i < 2; i++) {
      producer = new Mock(true);
      assertThat(start(job).join()).isEqualTo(2);
    }
    assertThat(producers).hasSize(2).allSatisfy(one -> assertThat(one.closes).hasSize(1));
  }

  @Test
  void thePipeMayGoOnBehindTheStages() throws Exception {
    producer = new Mock(true);
    Pipeline<List<String>> job =
        sink().build().stages(numbers(3)).map("place", Object::toString).to(Sink.toList());
    assertThat(start(job).join()).first().isEqualTo("record with the key 'key-0' for prices-3");
    assertThat(settled).hasSize(3);
  }

  @Test
  void openedByHandItHoldsWhatIsNotAcknowledged() throws Exception {
    KafkaSink<Integer> sink = sink().build();
    Sink<Integer, Long> wrapped =
        context -> {
          assertThat(producers).isEmpty();
          return sink.open(context);
        };
    Channel<Integer> input = Channel.buffered(10);
    Run<Long> run = start(settling(Source.channel(input)).to(wrapped));
    input.send(0);
    input.send(1);
    awaitSent(2);
    assertThat(settled).isEmpty();
    producer.completeNext();
    input.send(2);
    await().until(() -> List.copyOf(settled).equals(List.of(0)));
    input.close();
    producer.completeNext();
    producer.completeNext();
    assertThat(run.join()).isEqualTo(3);
    assertThat(settled).containsExactly(0, 1, 2);
    assertThat(producer.closes).hasSize(1);
  }
}
