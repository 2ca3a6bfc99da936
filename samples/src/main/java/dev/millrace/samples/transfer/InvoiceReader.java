package dev.millrace.samples.transfer;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads a topic of invoices from its beginning, and counts them. Not thread-safe. */
final class InvoiceReader implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(100);

  private final KafkaConsumer<String, String> consumer;
  private final Map<String, Integer> byOrder = new HashMap<>();
  private final Map<String, Integer> byProcess = new HashMap<>();

  /**
   * A reader of all invoices.
   *
   * @param isolation {@code read_committed} or {@code read_uncommitted}
   */
  InvoiceReader(String brokers, String topic, String isolation) {
    consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", brokers, "isolation.level", isolation),
            new StringDeserializer(),
            new StringDeserializer());
    List<TopicPartition> partitions =
        consumer.partitionsFor(topic).stream()
            .map(partition -> new TopicPartition(topic, partition.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /** Reads the records that are there; waits at most 100 ms for the first of them. */
  void poll() {
    for (ConsumerRecord<String, String> invoice : consumer.poll(POLL)) {
      byOrder.merge(invoice.value(), 1, Integer::sum);
      byProcess.merge(madeBy(invoice), 1, Integer::sum);
    }
  }

  private static String madeBy(ConsumerRecord<?, ?> invoice) {
    byte[] name = invoice.headers().lastHeader(Invoicer.MADE_BY).value();
    return new String(name, StandardCharsets.UTF_8);
  }

  /** Reads up to these offsets; waits for open transactions. */
  void readTo(Map<TopicPartition, Long> ends) {
    while (ends.entrySet().stream()
        .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
      poll();
    }
  }

  /** The ends of the partitions; a reader of committed records sees no open transaction. */
  Map<TopicPartition, Long> ends() {
    return consumer.endOffsets(consumer.assignment());
  }

  /** The number of invoices of each order. */
  Map<String, Integer> byOrder() {
    return byOrder;
  }

  /** The number of invoices that this process has made. */
  int madeBy(String process) {
    return byProcess.getOrDefault(process, 0);
  }

  /** The number of all invoices. */
  int total() {
    return byOrder.values().stream().mapToInt(Integer::intValue).sum();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
