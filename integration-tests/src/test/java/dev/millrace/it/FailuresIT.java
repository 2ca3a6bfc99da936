package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.errors.Backoff;
import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.kafka.DeadLetterReplay;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Ordering;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.IntegerDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Records that fail, and where they go. */
@ParameterizedClass
@EnumSource(Face.class)
class FailuresIT extends WithBroker {

  private final List<Exception> errors = Collections.synchronizedList(new ArrayList<>());

  private String deadLetterTopic() {
    return topic + "-dead";
  }

  /** All records of the dead-letter topic, as bytes. */
  private List<ConsumerRecord<byte[], byte[]>> deadLetters(int atLeast) {
    List<ConsumerRecord<byte[], byte[]>> letters = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(
            Map.<String, Object>of(
                "bootstrap.servers", bootstrapServers(), "auto.offset.reset", "earliest"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(
          IntStream.range(0, PARTITIONS)
              .mapToObj(i -> new TopicPartition(deadLetterTopic(), i))
              .toList());
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                consumer.poll(Duration.ofMillis(100)).forEach(letters::add);
                return letters.size() >= atLeast;
              });
    }
    return letters;
  }

  private static String header(ConsumerRecord<?, ?> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  @Test
  void deadLetterHasAllThatTheRecordHadAndSaysWhy() throws Exception {
    createTopic(deadLetterTopic(), PARTITIONS);
    byte[] noText = {(byte) 0xC3, 0x28, 0, (byte) 0xFF};
    var poison = new ProducerRecord<>(topic, 3, 1234L, bytes("key"), noText);
    poison.headers().add("trace", bytes("abc"));
    produce(List.of(poison));
    produce(0, 300);
    var running =
        start(
            builder(Map.of())
                .retry(3, Backoff.fixed(Duration.ofMillis(5)))
                .deadLetterTopic(deadLetterTopic())
                .onError(errors::add)
                .handler(
                    record -> {
                      if (!record.value().startsWith("value-")) {
                        throw new IOException("no value: ü");
                      }
                      count(record.value());
                    })
                .build());
    await().atMost(Duration.ofSeconds(30)).until(() -> committed() == 301);
    running.drain();
    assertThat(handled).hasSize(300);
    assertThat(errors).hasSize(3); // the last error says that the record becomes a dead letter
    ConsumerRecord<byte[], byte[]> letter = deadLetters(1).getFirst();
    assertThat(letter.key()).isEqualTo(bytes("key"));
    assertThat(letter.value()).isEqualTo(noText);
    assertThat(header(letter, "trace")).isEqualTo("abc");
    assertThat(header(letter, DeadLetterHeaders.REASON)).isEqualTo("no value: ü");
    assertThat(header(letter, DeadLetterHeaders.EXCEPTION)).isEqualTo("java.io.IOException");
    assertThat(header(letter, DeadLetterHeaders.STAGE)).isEqualTo("handle");
    assertThat(header(letter, DeadLetterHeaders.ATTEMPTS)).isEqualTo("3");
    assertThat(header(letter, DeadLetterHeaders.TOPIC)).isEqualTo(topic);
    assertThat(header(letter, DeadLetterHeaders.PARTITION)).isEqualTo("3");
    assertThat(header(letter, DeadLetterHeaders.OFFSET)).isEqualTo("0");
    assertThat(header(letter, DeadLetterHeaders.TIMESTAMP)).isEqualTo("1234");
    assertThat(header(letter, DeadLetterHeaders.HOPS)).isEqualTo("1");
    assertThat(header(letter, DeadLetterHeaders.GROUP)).isNotEmpty();
  }

  @Test
  void recordThatCanNotBeDeserializedIsADeadLetterWithItsBytes() throws Exception {
    createTopic(deadLetterTopic(), PARTITIONS);
    produceTo(0, "key", 0, 1);
    var running =
        start(
            builder(Map.of("value.deserializer", IntegerDeserializer.class))
                .deadLetterTopic(deadLetterTopic())
                .build());
    await().atMost(Duration.ofSeconds(30)).until(() -> committed(0) == 1);
    running.drain();
    ConsumerRecord<byte[], byte[]> letter = deadLetters(1).getFirst();
    assertThat(letter.value()).isEqualTo(bytes("value-0"));
    assertThat(header(letter, DeadLetterHeaders.STAGE)).isEqualTo("deserialize");
  }

  @Test
  void partitionWaitsWhileTheDeadLetterTopicIsDown() throws Exception {
    produceTo(0, "a", 0, 10);
    produceTo(1, "b", 10, 20);
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", bootstrapServers(), "max.block.ms", 300),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      var running =
          start(
              builder(Map.of())
                  .ordering(Ordering.PARTITION)
                  .deadLetters(DeadLetters.toTopic(producer, deadLetterTopic()))
                  .deadLetterBackoff(Backoff.fixed(Duration.ofMillis(50)))
                  .onError(errors::add)
                  .handler(
                      record -> {
                        if (record.value().equals("value-5")) {
                          throw new IOException("poison");
                        }
                        count(record.value());
                      })
                  .build());
      await().atMost(Duration.ofSeconds(30)).until(() -> errors.size() >= 3);
      assertThat(committed(0)).isEqualTo(5);
      await().until(() -> committed(1) == 10); // the others go on
      assertThat(handled).hasSize(15);
      createTopic(deadLetterTopic(), PARTITIONS);
      await().atMost(Duration.ofSeconds(30)).until(() -> committed(0) == 10);
      running.drain();
    }
    assertThat(deadLetters(1)).hasSize(1);
    assertThat(handled).hasSize(19);
  }

  /** The producer waits for the topic, but this wait uses no handler. */
  @Test
  void otherPartitionGoesOnAtConcurrencyOneWhileTheDeadLetterTopicIsMissing() throws Exception {
    produceTo(0, "a", 0, 1);
    produceTo(1, "b", 1, 101);
    var running =
        start(
            builder(Map.of())
                .ordering(Ordering.PARTITION)
                .concurrency(1)
                .deadLetterTopic(deadLetterTopic())
                .onError(errors::add)
                .handler(
                    record -> {
                      if (record.partition() == 0) {
                        throw new IOException("poison");
                      }
                      count(record.value());
                    })
                .build());
    // the producer waits for 10 s each time; the other partition needs a fraction of this time
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> handled.size() == 100 && committed(1) == 100);
    assertThat(committed(0)).isLessThan(1);
    createTopic(deadLetterTopic(), PARTITIONS);
    await().atMost(Duration.ofSeconds(60)).until(() -> committed(0) == 1);
    running.drain();
    assertThat(deadLetters(1)).hasSize(1);
  }

  /** One partition, one handler: letters do not wait for one another. */
  @Test
  void stormOfPoisonDrainsFastAndInOrder() throws Exception {
    int storm = 5000;
    createTopic(deadLetterTopic(), 1);
    produceTo(0, "a", 0, storm);
    var running =
        start(
            builder(Map.of())
                .ordering(Ordering.PARTITION)
                .concurrency(1)
                .deadLetterTopic(deadLetterTopic())
                .onError(e -> {})
                .handler(
                    record -> {
                      throw new IOException("poison");
                    })
                .build());
    await().atMost(Duration.ofMinutes(2)).until(() -> committed(0) == storm);
    running.drain();
    List<ConsumerRecord<byte[], byte[]>> letters = deadLetters(storm);
    assertThat(letters).hasSize(storm);
    assertThat(letters.stream().map(one -> Long.valueOf(header(one, DeadLetterHeaders.OFFSET))))
        .isSorted();
  }

  /**
   * spring-projects/spring-kafka#2340: records are dropped by the error handler after a rebalance.
   */
  @Test
  void recordThatIsRetriedWhileItsPartitionMovesIsNotLost() throws Exception {
    produce(0, 600);
    var repaired = new AtomicBoolean();
    Set<String> failing = ConcurrentHashMap.newKeySet();
    var first = start(failingUntil(repaired, failing));
    await().atMost(Duration.ofSeconds(30)).until(() -> failing.size() == 60);
    var second = start(failingUntil(repaired, failing));
    await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() == 540);
    first.drain();
    repaired.set(true);
    await().atMost(Duration.ofSeconds(30)).until(() -> committed() == 600);
    second.drain();
    assertThat(handled).hasSize(600);
  }

  private Loop failingUntil(AtomicBoolean repaired, Set<String> failing) {
    return builder(Map.of())
        .ordering(Ordering.UNORDERED)
        .retryForever(Backoff.exponential(Duration.ofMillis(10), Duration.ofMillis(200)))
        .onError(e -> {})
        .handler(
            record -> {
              if (!repaired.get() && record.value().endsWith("7")) {
                failing.add(record.value());
                throw new IOException("poison");
              }
              count(record.value());
            })
        .build();
  }

  @Test
  void deadLettersAreSentBackToWhereTheyCameFrom() throws Exception {
    createTopic(deadLetterTopic(), PARTITIONS);
    for (int i = 0; i < PARTITIONS; i++) { // not the partition of the key
      produceTo(i, "same", 10 * i, 10 * i + 10);
    }
    var repaired = new AtomicBoolean();
    List<ConsumerRecord<String, String>> sentBack = Collections.synchronizedList(new ArrayList<>());
    Map<String, Integer> partitions = new ConcurrentHashMap<>();
    var running =
        start(
            builder(Map.of())
                .deadLetterTopic(deadLetterTopic())
                .handler(
                    record -> {
                      if (repaired.get()) {
                        sentBack.add(record);
                        return;
                      }
                      partitions.put(record.value(), record.partition());
                      throw new IOException("poison");
                    })
                .build());
    await().atMost(Duration.ofSeconds(30)).until(() -> committed() == 60);
    produce(List.of(new ProducerRecord<>(deadLetterTopic(), bytes("of others"))));
    repaired.set(true);
    Map<String, Object> properties = Map.of("bootstrap.servers", bootstrapServers());
    var report = DeadLetterReplay.run(properties, deadLetterTopic());
    assertThat(report).isEqualTo(new DeadLetterReplay.Report(60, 0, 1));
    await().atMost(Duration.ofSeconds(30)).until(() -> committed() == 120);
    running.drain();
    assertThat(sentBack).hasSize(60);
    assertThat(sentBack)
        .allMatch(record -> partitions.get(record.value()) == record.partition())
        .allMatch(record -> record.headers().toArray().length == 0);
    assertThat(DeadLetterReplay.run(properties, deadLetterTopic()))
        .isEqualTo(new DeadLetterReplay.Report(0, 0, 0));
  }
}
