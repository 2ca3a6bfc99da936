package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.StageConsumer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.params.Parameter;

/** Exactly-once pipelines over Kafka's own mocks. The test plays the broker. */
abstract class WithTransactionalSource extends WithMockBroker {

  static final Serializer<String> TEXT = new StringSerializer();

  /** The name of the engine that runs the pipelines. */
  @Parameter String engine = "channels";

  @Override
  protected LoopBuilder<String, String, ?> transactional(
      TransactionalHandler<String, String, String, String> handler,
      Function<Map<String, Object>, Producer<byte[], byte[]>> producers) {
    throw new AssertionError("these tests have no loops");
  }

  KafkaSource.Builder<String, String> source() {
    return KafkaSource.<String, String>builder()
        .properties(properties())
        .topics("orders")
        .onError(errors::add)
        .commitInterval(Duration.ofMillis(10))
        .revokeTimeout(Duration.ofMillis(300))
        .closeTimeout(Duration.ofSeconds(5))
        .factory(properties -> mock)
        .transactional()
        .producerFactory(producers());
  }

  /** A sink of texts. */
  static TransactionalSink<String> sink(KafkaSource<?, ?> source) {
    return sink(source, "produce");
  }

  static TransactionalSink<String> sink(KafkaSource<?, ?> source, String name) {
    return source.sink(name, text -> new ProducerRecord<>("invoices", "k", text), TEXT, TEXT);
  }

  /** The partition and the offset of a record. */
  static String place(ConsumerRecord<?, ?> record) {
    return record.partition() + "@" + record.offset();
  }

  static String places(List<ConsumerRecord<String, String>> records) {
    return String.join(" ", records.stream().map(WithTransactionalSource::place).toList());
  }

  Run<Long> start(Pipeline<Long> pipeline) {
    return pipeline.start(Engine.named(engine), Context.background());
  }

  Run<Long> start(Pipeline<Long> pipeline, StageConsumer<? super Failure<?>> onFailure) {
    return pipeline.start(Engine.named(engine), Context.background(), onFailure);
  }

  /** After its close the mock does not tell what is committed. */
  @Override
  protected long committed(TopicPartition partition) {
    return lastCommits.getOrDefault(partition, -1L);
  }

  void awaitCommit(TopicPartition partition, long offset) {
    await().until(() -> committed(partition) == offset);
  }

  static void drain(Run<?> run) throws Exception {
    run.drain(Duration.ofSeconds(10));
    Object _ = run.join();
  }

  /**
   * Each output names the places of its source records. All of them are committed by the
   * transaction of the output, and none of them before.
   */
  void assertOutputsAreCommittedWithAllTheirSources() {
    Map<Integer, Long> before = new HashMap<>();
    for (Transaction one : List.copyOf(transactions)) {
      Map<Integer, Long> after = new HashMap<>(before);
      one.offsets().forEach((name, offset) -> after.put(name.partition(), offset.offset()));
      for (String output : one.values()) {
        for (String place : output.split(" ", -1)) {
          int partition = Integer.parseInt(place.substring(0, 1));
          assertThat(Long.parseLong(place.substring(2)))
              .as("%s of %s, committed from %s to %s", place, output, before, after)
              .isGreaterThanOrEqualTo(before.getOrDefault(partition, 0L))
              .isLessThan(after.getOrDefault(partition, 0L));
        }
      }
      before = after;
    }
  }
}
