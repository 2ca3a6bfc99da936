package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.TransactionalHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.BeforeEach;

/** Loops that make invoices of orders in transactions, and readers of the invoices. */
abstract class WithTransactions extends WithBroker {

  final List<Exception> errors = Collections.synchronizedList(new ArrayList<>());
  String invoices = "";

  @BeforeEach
  void createOutputTopic() throws Exception {
    invoices = topic + "-invoices";
    createTopic(invoices, PARTITIONS);
    asLateAsKafkaHasIt();
  }

  FaceBuilder transactional(
      Map<String, ?> properties, TransactionalHandler<String, String, String, String> handler) {
    return builder(properties)
        .ordering(Ordering.KEY)
        .commitInterval(Duration.ofMillis(20))
        .onError(errors::add)
        .transactionalHandler(handler);
  }

  ProducerRecord<String, String> invoice(ConsumerRecord<String, String> record) {
    return new ProducerRecord<>(invoices, record.key(), "invoice of " + record.value());
  }

  /**
   * The records that a reader of committed records sees up to the end of a topic, by key in order.
   */
  Map<String, List<String>> read(String name) throws Exception {
    Map<String, Object> properties =
        Map.of(
            "bootstrap.servers",
            bootstrapServers(),
            "auto.offset.reset",
            "earliest",
            "isolation.level",
            "read_committed");
    Map<String, List<String>> byKey = new HashMap<>();
    try (var consumer =
        new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
      List<TopicPartition> partitions =
          IntStream.range(0, PARTITIONS).mapToObj(i -> new TopicPartition(name, i)).toList();
      consumer.assign(partitions);
      Map<TopicPartition, Long> ends = awaitNoOpenTransaction(partitions);
      while (ends.entrySet().stream()
          .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
          byKey.computeIfAbsent(record.key(), k -> new ArrayList<>()).add(record.value());
        }
      }
    }
    return byKey;
  }

  /**
   * Waits until readers of committed records can read up to the ends, and returns the ends. A
   * commit is answered before its markers are in all partitions.
   */
  private static Map<TopicPartition, Long> awaitNoOpenTransaction(List<TopicPartition> partitions)
      throws Exception {
    return await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              Map<TopicPartition, Long> readable = ends(partitions, IsolationLevel.READ_COMMITTED);
              boolean isAll = readable.equals(ends(partitions, IsolationLevel.READ_UNCOMMITTED));
              return isAll
                  ? readable
                  : Map.<TopicPartition, Long>of(); // a marker may have been written meanwhile
            },
            ends -> !ends.isEmpty());
  }

  private static Map<TopicPartition, Long> ends(
      List<TopicPartition> partitions, IsolationLevel level) throws Exception {
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    partitions.forEach(partition -> latest.put(partition, OffsetSpec.latest()));
    Map<TopicPartition, Long> ends = new HashMap<>();
    admin()
        .listOffsets(latest, new ListOffsetsOptions(level))
        .all()
        .get()
        .forEach((partition, end) -> ends.put(partition, end.offset()));
    return ends;
  }

  /** The committed offsets of transactions are the offsets of the inputs only. */
  void awaitCommitted(int records) {
    await().atMost(Duration.ofSeconds(60)).until(() -> committed() == records);
  }

  /** Asserts that a reader of committed records sees the output of each input once, in order. */
  void assertEachInputHasOneOutputInOrder(int records) throws Exception {
    Map<String, List<String>> outputs = read(invoices);
    for (int key = 0; key < 100; key++) {
      int first = key;
      List<String> expected =
          IntStream.range(0, records)
              .filter(i -> i % 100 == first)
              .mapToObj(i -> "invoice of value-" + i)
              .toList();
      assertThat(outputs.getOrDefault("key-" + key, List.of())).isEqualTo(expected);
    }
  }
}
