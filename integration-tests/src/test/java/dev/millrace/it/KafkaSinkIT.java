package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.KafkaSink;
import dev.millrace.kafka.ProduceFailedException;
import dev.millrace.kafka.Sent;
import dev.millrace.kafka.channel.KafkaSource;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pipelines from Kafka to Kafka over a real broker: what is committed has been produced. */
class KafkaSinkIT extends WithBroker {

  private static final int RECORDS = 6_000;

  private String prices = "";

  @BeforeEach
  void createPrices() throws Exception {
    prices = "prices-" + topic;
    createTopic(prices, 3);
  }

  private Map<String, Object> connection(Map<String, ?> more) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", bootstrapServers());
    properties.putAll(more);
    return properties;
  }

  private KafkaSource<String, String> source() {
    return KafkaSource.<String, String>builder()
        .properties(connection(Map.of("group.id", group)))
        .deserializers(new StringDeserializer(), new StringDeserializer())
        .topics(topic)
        .commitInterval(Duration.ofMillis(20))
        .revokeTimeout(Duration.ofSeconds(2))
        .build();
  }

  private KafkaSink.Builder<ProducerRecord<String, String>, String, String> sink(
      Map<String, ?> more) {
    return KafkaSink.<String, String>builder()
        .properties(connection(more))
        .serializers(new StringSerializer(), new StringSerializer());
  }

  private ProducerRecord<String, String> price(ConsumerRecord<String, String> order) {
    return new ProducerRecord<>(prices, order.key(), order.value());
  }

  private <R> Run<R> start(String engine, Pipeline<R> job) {
    return job.start(Engine.named(engine), Context.background());
  }

  /** The values of the prices, by key, in the order of their partition. */
  private Map<String, List<String>> produced() {
    Map<String, List<String>> byKey = new HashMap<>();
    try (var consumer =
        new KafkaConsumer<>(
            connection(Map.of()), new StringDeserializer(), new StringDeserializer())) {
      List<TopicPartition> all = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        all.add(new TopicPartition(prices, i));
      }
      consumer.assign(all);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      while (all.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
        for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofMillis(200))) {
          byKey.computeIfAbsent(each.key(), key -> new ArrayList<>()).add(each.value());
        }
      }
    }
    return byKey;
  }

  private boolean isAllCommitted() throws Exception {
    return committed() == RECORDS;
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void stoppedHalfWayAndRunAgainNothingIsMissing(String engine) throws Exception {
    produce(0, RECORDS);
    var reached = new CountDownLatch(1);
    var hang = new AtomicBoolean(true);
    var mapped = new AtomicInteger();
    StageFunction<ConsumerRecord<String, String>, ProducerRecord<String, String>> map =
        order -> {
          if (mapped.incrementAndGet() > RECORDS / 2 && hang.get()) {
            reached.countDown();
            new CountDownLatch(1).await(); // until it is interrupted
          }
          return price(order);
        };
    Pipeline<Long> job = source().pipe("orders").map("price", map).to(sink(Map.of()).build());
    Run<Long> first = start(engine, job);
    reached.await();
    first.cancel(new IOException("stopped"));
    assertThatThrownBy(first::join).isInstanceOf(CancellationException.class);
    long committed = committed();
    Map<String, List<String>> half = produced();
    assertThat(committed).isLessThan(RECORDS);
    assertThat(half.values().stream().mapToLong(List::size).sum())
        .as("what is committed has been produced")
        .isGreaterThanOrEqualTo(committed);

    hang.set(false);
    Run<Long> second = start(engine, job);
    await().atMost(Duration.ofSeconds(60)).until(this::isAllCommitted);
    second.drain(Duration.ofSeconds(20));
    second.join();
    Map<String, List<String>> all = produced();
    assertThat(all).hasSize(100);
    all.forEach(
        (key, values) -> {
          List<String> wanted = new ArrayList<>();
          int number = Integer.parseInt(key.substring("key-".length()));
          for (int i = number; i < RECORDS; i += 100) {
            wanted.add("value-" + i);
          }
          assertThat(values.stream().distinct().toList()).as(key).isEqualTo(wanted);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void aRecordThatIsTooLargeGoesToTheFailureChannel(String engine) throws Exception {
    List<ProducerRecord<String, String>> records = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      String value = i == 50 ? "x".repeat(2 << 20) : "value-" + i;
      records.add(new ProducerRecord<>(prices, "key", value));
    }
    Queue<Sent<?>> failed = new ConcurrentLinkedQueue<>();
    Pipeline<Long> job =
        Pipe.from(Source.of(records))
            .onFailure(
                FailurePolicy.deadLetters(
                    failure -> {
                      assertThat(failure.cause())
                          .hasMessageContaining(prices)
                          .hasMessageContaining("'key'")
                          .hasCauseInstanceOf(RecordTooLargeException.class);
                      failed.add((Sent<?>) failure.element());
                    }))
            .to(sink(Map.of()).build());
    assertThat(start(engine, job).join()).isEqualTo(99);
    assertThat(failed).hasSize(1);
    assertThat(failed.element().element()).isSameAs(records.get(50));
    assertThat(produced().get("key")).hasSize(99);
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void aBrokerThatIsAwayStopsTheRun(String engine) {
    var record = new ProducerRecord<>(prices, "key", "value");
    Pipeline<Long> job =
        Pipe.from(Source.of(List.of(record)))
            .to(sink(Map.of("bootstrap.servers", "localhost:1", "max.block.ms", 300)).build());
    Run<Long> run = start(engine, job);
    assertThatThrownBy(run::join)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(ProduceFailedException.class)
        .hasMessageContaining("the record with the key 'key' was not produced to " + prices)
        .hasMessageContaining("brokers of bootstrap.servers")
        .hasCauseInstanceOf(TimeoutException.class);
  }
}
