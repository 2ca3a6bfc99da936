package dev.millrace.kafka;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.internal.offsets.ReplayProgress;
import dev.millrace.kafka.internal.properties.Checks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
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
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Sends dead letters back to the topics and partitions that they came from, without the headers of
 * {@link DeadLetterHeaders}. A tool for operators, for use after the reason of the failures is
 * repaired.
 *
 * <p>A replay covers the letters that are in the topic when it starts. It commits its progress as
 * the offsets of the group {@code <topic>-replay}. If a filter leaves a letter behind, the metadata
 * of the commit lists the letters sent beyond it. A commit follows only after the broker has
 * acknowledged the letters. So a crash, or two replays at the same time, may send some letters
 * twice, but lose none.
 *
 * <p>A replay runs in the calling thread, which blocks. The static methods are thread-safe.
 */
public final class DeadLetterReplay {

  /**
   * The result of a replay. Immutable and thread-safe.
   *
   * @param sent the number of dead letters sent back; in a dry run, the number that would be sent
   * @param left the number of dead letters that the filter left behind
   * @param skipped the number of records without headers for their origin; they stay in the topic
   */
  public record Report(long sent, long left, long skipped) {}

  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(200);

  private final Builder settings;
  private final Consumer<byte[], byte[]> consumer;
  private final Producer<byte[], byte[]> producer;
  private final Map<TopicPartition, ReplayProgress> progress = new HashMap<>();
  private long nextAt = Time.nanoTime();
  private long sent;
  private long left;
  private long skipped;

  private DeadLetterReplay(
      Builder settings, Consumer<byte[], byte[]> consumer, Producer<byte[], byte[]> producer) {
    this.settings = settings;
    this.consumer = consumer;
    this.producer = producer;
  }

  /** The settings of a replay: which letters to send back, and how fast. Not thread-safe. */
  public static final class Builder {
    private final Map<String, ?> properties;
    private final String topic;
    private ReplayFilter filter = ReplayFilter.all();
    private long limit = Long.MAX_VALUE;
    private int rate = Integer.MAX_VALUE;
    private java.util.function.@Nullable Consumer<? super String> dry;

    private Builder(Map<String, ?> properties, String topic) {
      this.properties = Map.copyOf(properties);
      this.topic = Objects.requireNonNull(topic, "topic");
    }

    /** Which letters to send back. Default: all. The other letters stay for a later replay. */
    public Builder filter(ReplayFilter which) {
      filter = Objects.requireNonNull(which, "filter");
      return this;
    }

    /**
     * The largest number of letters to send back. Default: no limit.
     *
     * @throws IllegalArgumentException if the limit is below 1
     */
    public Builder limit(long letters) {
      if (letters < 1) {
        throw new IllegalArgumentException("the limit must be at least 1, but is " + letters);
      }
      limit = letters;
      return this;
    }

    /**
     * The largest number of letters to send back per second. Default: no limit.
     *
     * @throws IllegalArgumentException if the rate is below 1
     */
    public Builder rate(int lettersPerSecond) {
      rate = Checks.positive("the rate", lettersPerSecond);
      return this;
    }

    /**
     * Makes the replay a dry run: it sends nothing and commits nothing.
     *
     * @param listener receives one line for each letter that would be sent; the line shows no
     *     content of the record
     */
    public Builder dryRun(java.util.function.Consumer<? super String> listener) {
      dry = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /**
     * Sends back the letters that are in the topic now. Blocks until they are sent and committed.
     *
     * @throws ExecutionException if a letter cannot be sent; the letters since the last commit are
     *     sent again by the next replay
     * @throws InterruptedException if the thread is interrupted; the same holds
     * @throws KafkaException if the topic does not exist, or the broker refuses or does not answer
     */
    public Report run() throws ExecutionException, InterruptedException {
      Map<String, Object> reads = new HashMap<>(properties);
      reads.put(ConsumerConfig.GROUP_ID_CONFIG, topic + "-replay");
      reads.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
      reads.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
      reads.putIfAbsent(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
      Map<String, Object> writes = new HashMap<>(properties);
      writes.put(ProducerConfig.ACKS_CONFIG, "all");
      try (var consumer =
              new KafkaConsumer<>(reads, new ByteArrayDeserializer(), new ByteArrayDeserializer());
          var producer =
              new KafkaProducer<>(writes, new ByteArraySerializer(), new ByteArraySerializer())) {
        return run(consumer, producer);
      }
    }

    /** The same with the clients of a test. */
    Report run(Consumer<byte[], byte[]> consumer, Producer<byte[], byte[]> producer)
        throws ExecutionException, InterruptedException {
      return new DeadLetterReplay(this, consumer, producer).run();
    }
  }

  /**
   * The settings of a replay of this topic.
   *
   * @param properties Kafka's own properties for the connection, with {@code bootstrap.servers} at
   *     least
   * @param topic the topic with the dead letters
   */
  public static Builder builder(Map<String, ?> properties, String topic) {
    return new Builder(properties, topic);
  }

  /** Sends back all letters that are in a topic now; see {@link Builder#run}. */
  public static Report run(Map<String, ?> properties, String topic)
      throws ExecutionException, InterruptedException {
    return builder(properties, topic).run();
  }

  private Report run() throws ExecutionException, InterruptedException {
    List<PartitionInfo> known = consumer.partitionsFor(settings.topic, TIMEOUT);
    if (known == null || known.isEmpty()) {
      throw new KafkaException(
          "the topic '%s' does not exist: check its name and bootstrap.servers"
              .formatted(settings.topic));
    }
    List<TopicPartition> partitions =
        known.stream().map(info -> new TopicPartition(info.topic(), info.partition())).toList();
    consumer.assign(partitions);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, TIMEOUT);
    Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions, TIMEOUT);
    Map<TopicPartition, OffsetAndMetadata> committed =
        consumer.committed(Set.copyOf(partitions), TIMEOUT);
    for (TopicPartition one : partitions) {
      long beginning = Objects.requireNonNull(beginnings.get(one));
      var its = new ReplayProgress(one, committed.get(one), beginning);
      progress.put(one, its);
      consumer.seek(one, its.next());
    }
    while (sent < settings.limit && !isDone(ends)) {
      sendBack(consumer.poll(POLL), ends);
    }
    return new Report(sent, left, skipped);
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
      ReplayProgress its = Objects.requireNonNull(progress.get(partition));
      for (ConsumerRecord<byte[], byte[]> letter : records.records(partition)) {
        if (letter.offset() >= end || sent >= settings.limit) {
          break; // this letter may have failed again since: one round is enough
        }
        see(letter, its, sending);
      }
      commits.put(partition, its.commit());
    }
    if (settings.dry != null) {
      return;
    }
    producer.flush();
    for (Future<?> one : sending) {
      one.get();
    }
    consumer.commitSync(commits, TIMEOUT);
  }

  private void see(
      ConsumerRecord<byte[], byte[]> letter, ReplayProgress its, List<Future<?>> sending)
      throws InterruptedException {
    if (its.isSent(letter.offset())) {
      its.sent(letter.offset());
      return;
    }
    ProducerRecord<byte[], byte[]> back = back(letter);
    if (back == null) {
      skipped++;
      its.sent(letter.offset()); // no replay can send it
      return;
    }
    if (!settings.filter.takes(letter)) {
      left++;
      its.leave(letter.offset());
      return;
    }
    if (settings.dry != null) {
      settings.dry.accept(describe(letter));
    } else {
      pace();
      sending.add(producer.send(back));
    }
    sent++;
    its.sent(letter.offset());
  }

  private void pace() throws InterruptedException {
    if (settings.rate == Integer.MAX_VALUE) {
      return;
    }
    long wait = nextAt - Time.nanoTime();
    if (wait > 0) {
      Time.sleep(Duration.ofNanos(wait));
    }
    nextAt = Math.max(nextAt, Time.nanoTime()) + TimeUnit.SECONDS.toNanos(1) / settings.rate;
  }

  private static String describe(ConsumerRecord<byte[], byte[]> letter) {
    return "%s-%s at offset %s, of the group %s: %s"
        .formatted(
            text(letter, DeadLetterHeaders.TOPIC),
            text(letter, DeadLetterHeaders.PARTITION),
            text(letter, DeadLetterHeaders.OFFSET),
            text(letter, DeadLetterHeaders.GROUP),
            text(letter, DeadLetterHeaders.EXCEPTION));
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
    // Without the old timestamp: a broker may refuse it as too old, or delete the record at once.
    return new ProducerRecord<>(
        topic, Integer.valueOf(partition), letter.key(), letter.value(), headers);
  }

  private static @Nullable String text(ConsumerRecord<?, ?> record, String name) {
    return ReplayFilter.text(record, name);
  }

  /**
   * The command-line tool: {@code java -cp … dev.millrace.kafka.DeadLetterReplay [options]
   * client.properties topic}. {@code --help} lists the options. Ends the process with status 0
   * after success, 1 after a failure, and 2 if the arguments are wrong.
   *
   * @param arguments the options, a file with Kafka's own properties for the connection, and the
   *     topic
   */
  public static void main(String[] arguments) {
    System.exit(ReplayCommand.run(arguments, System.out, System.err));
  }
}
