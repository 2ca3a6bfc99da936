package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.Reading;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Reading without a group, starting at a time, and skipping, over a real broker. */
@ParameterizedClass
@EnumSource(Face.class)
class ReadingIT extends WithBroker {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final long OLD = Instant.parse("2026-01-01T00:00:00Z").toEpochMilli();

  private final Map<TopicPartition, Long> positions = new ConcurrentHashMap<>();

  /** Records whose timestamps are one second apart. */
  private List<ProducerRecord<byte[], byte[]>> aged(int from, int to) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = from; i < to; i++) {
      var record =
          new ProducerRecord<byte[], byte[]>(topic, 0, OLD + 1000L * i, null, bytes("value-" + i));
      record.headers().add("parity", bytes(i % 2 == 0 ? "even" : "odd"));
      records.add(record);
    }
    return records;
  }

  private FaceBuilder reader(Map<String, Object> more) {
    Map<String, Object> properties = new HashMap<>(more);
    properties.put("bootstrap.servers", bootstrapServers());
    properties.put("key.deserializer", StringDeserializer.class);
    properties.put("value.deserializer", StringDeserializer.class);
    return face.builder()
        .ordering(Ordering.KEY)
        .concurrency(8)
        .with(settings -> settings.properties(properties))
        .handler(record -> count(record.value()));
  }

  @Test
  void readsWhatIsThereAndEnds() throws Exception {
    produce(0, 300);
    FaceBuilder builder =
        reader(Map.of())
            .with(
                settings ->
                    settings.assign(Reading.topics(topic).untilEnd().onPosition(positions::put)));
    var running = start(builder.build());
    running.task().get(60, TimeUnit.SECONDS);
    assertThat(handled).hasSize(300);
    assertThat(positions.values().stream().mapToLong(one -> one).sum()).isEqualTo(300);
    assertThat(commits()).isEmpty();
  }

  @Test
  void readsBehindTheMarkersOfTransactionsToTheEnd() throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers(), "transactional.id", topic),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.initTransactions();
      for (int i = 0; i < 3; i++) {
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(topic, 0, null, bytes("value-" + i))).get();
        if (i == 2) {
          producer.abortTransaction();
        } else {
          producer.commitTransaction();
        }
      }
    }
    FaceBuilder builder =
        reader(Map.of("isolation.level", "read_committed"))
            .with(settings -> settings.assign(Reading.topics(topic).untilEnd()));
    var running = start(builder.build());
    running.task().get(60, TimeUnit.SECONDS);
    assertThat(handled.keySet()).containsExactlyInAnyOrder("value-0", "value-1");
  }

  @Test
  void readsFromATimeAndSkipsByAHeader() throws Exception {
    produce(aged(0, 100));
    FaceBuilder builder =
        reader(Map.of())
            .with(
                settings ->
                    settings
                        .assign(
                            Reading.topics(topic)
                                .from(Instant.ofEpochMilli(OLD + 60_000))
                                .untilEnd()
                                .onPosition(positions::put))
                        .skipIf(
                            record ->
                                new String(
                                        record.headers().lastHeader("parity").value(),
                                        StandardCharsets.UTF_8)
                                    .equals("odd")));
    Loop loop = builder.build();
    var running = start(loop);
    running.task().get(60, TimeUnit.SECONDS);
    assertThat(handled).hasSize(20).containsKey("value-60").doesNotContainKey("value-58");
    assertThat(loop.status().figures().skipped()).isEqualTo(20);
    assertThat(positions).containsEntry(new TopicPartition(topic, 0), 100L);
  }

  @Test
  void aGroupWithoutCommitsStartsAtATime() throws Exception {
    produce(aged(0, 100));
    FaceBuilder builder =
        builder(quickly(Map.of()))
            .handler(record -> count(record.value()))
            .with(settings -> settings.startAt(Instant.ofEpochMilli(OLD + 90_000)));
    var running = start(builder.build());
    await().atMost(SOON).until(() -> handled.size() == 10);
    await().atMost(SOON).until(() -> committed(0) == 100);
    running.drain();
    assertThat(handled).hasSize(10).containsKey("value-90");
  }
}
