package dev.millrace.kafka;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Sends dead letters back to the topics and partitions that they came from, without the headers of
 * {@link DeadLetterHeaders}. A tool for an operator, when what made them fail is repaired.
 *
 * <p>It takes what is in the topic when it starts, and remembers how far it came as the offsets of
 * the group {@code <topic>-replay}, which it commits only when the broker has what it sent: a
 * crash, or two at the same time, send some of them twice, and lose none.
 */
public final class DeadLetterReplay {

  /**
   * What was done.
   *
   * @param sent how many dead letters were sent back
   * @param skipped how many records had no header that says where they came from; they stay
   */
  public record Report(long sent, long skipped) {}

  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(200);

  private final Consumer<byte[], byte[]> consumer;
  private final Producer<byte[], byte[]> producer;
  private long sent;
  private long skipped;

  private DeadLetterReplay(Consumer<byte[], byte[]> consumer, Producer<byte[], byte[]> producer) {
    this.consumer = consumer;
    this.producer = producer;
  }

  /**
   * Sends back what is in a topic now. Blocks until that is done.
   *
   * @param properties Kafka's own for the connection, {@code bootstrap.servers} at least
   * @param topic the topic with the dead letters
   * @throws ExecutionException if one can not be sent: what was sent since the last commit comes
   *     again the next time
   */
  public static Report run(Map<String, ?> properties, String topic)
      throws ExecutionException, InterruptedException {
    Objects.requireNonNull(topic, "topic");
    Map<String, Object> reads = new HashMap<>(properties);
    reads.put(ConsumerConfig.GROUP_ID_CONFIG, topic + "-replay");
    reads.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    reads.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    Map<String, Object> writes = new HashMap<>(properties);
    writes.put(ProducerConfig.ACKS_CONFIG, "all");
    try (var consumer =
            new KafkaConsumer<>(reads, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        var producer =
            new KafkaProducer<>(writes, new ByteArraySerializer(), new ByteArraySerializer())) {
      return new DeadLetterReplay(consumer, producer).run(topic);
    }
  }

  private Report run(String topic) throws ExecutionException, InterruptedException {
    List<TopicPartition> partitions =
        consumer.partitionsFor(topic, TIMEOUT).stream()
            .map(info -> new TopicPartition(info.topic(), info.partition()))
            .toList();
    if (partitions.isEmpty()) {
      throw new KafkaException("there is no topic " + topic);
    }
    consumer.assign(partitions);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, TIMEOUT);
    while (!isDone(ends)) {
      sendBack(consumer.poll(POLL), ends);
    }
    return new Report(sent, skipped);
  }

  private boolean isDone(Map<TopicPartition, Long> ends) {
    return ends.entrySet().stream()
        .allMatch(end -> consumer.position(end.getKey(), TIMEOUT) >= end.getValue());
  }

  private void sendBack(ConsumerRecords<byte[], byte[]> records, Map<TopicPartition, Long> ends)
      throws ExecutionException, InterruptedException {
    List<Future<?>> sending = new ArrayList<>();
    Map<TopicPartition, OffsetAndMetadata> commits = new HashMap<>();
    for (TopicPartition partition : records.partitions()) {
      long end = Objects.requireNonNull(ends.get(partition));
      for (ConsumerRecord<byte[], byte[]> letter : records.records(partition)) {
        if (letter.offset() >= end) {
          break; // it may have failed again by now: once around is enough
        }
        ProducerRecord<byte[], byte[]> back = back(letter);
        if (back == null) {
          skipped++;
        } else {
          sending.add(producer.send(back));
        }
        commits.put(partition, new OffsetAndMetadata(letter.offset() + 1));
      }
    }
    producer.flush();
    for (Future<?> one : sending) {
      one.get();
      sent++;
    }
    consumer.commitSync(commits, TIMEOUT);
  }

  private @Nullable ProducerRecord<byte[], byte[]> back(ConsumerRecord<byte[], byte[]> letter) {
    String topic = text(letter, DeadLetterHeaders.TOPIC);
    String partition = text(letter, DeadLetterHeaders.PARTITION);
    if (topic == null || partition == null || !partition.matches("\\d{1,9}")) {
      return null;
    }
    var headers = new RecordHeaders();
    for (Header header : letter.headers()) {
      if (!header.key().startsWith(DeadLetterHeaders.PREFIX)) {
        headers.add(header);
      }
    }
    // Without its timestamp, which a broker may refuse as too old, or delete by at once.
    return new ProducerRecord<>(
        topic, Integer.valueOf(partition), letter.key(), letter.value(), headers);
  }

  private static @Nullable String text(ConsumerRecord<?, ?> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null
        ? null
        : new String(header.value(), StandardCharsets.UTF_8);
  }

  /**
   * The tool: {@code java -cp … dev.millrace.kafka.DeadLetterReplay client.properties topic}. Ends
   * with status 2 if the arguments are wrong.
   *
   * @param arguments a file with Kafka's own properties for the connection, and the topic
   */
  public static void main(String[] arguments)
      throws IOException, ExecutionException, InterruptedException {
    if (arguments.length != 2) {
      System.err.println("usage: DeadLetterReplay <file with Kafka's properties> <topic>");
      System.exit(2);
    }
    var file = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of(arguments[0]), StandardCharsets.UTF_8)) {
      file.load(reader);
    }
    Map<String, String> properties = new HashMap<>();
    file.stringPropertyNames().forEach(name -> properties.put(name, file.getProperty(name)));
    Report report = run(properties, arguments[1]);
    System.out.printf(
        "%d dead letters were sent back; %d records do not say where they came from%n",
        report.sent(), report.skipped());
  }
}
