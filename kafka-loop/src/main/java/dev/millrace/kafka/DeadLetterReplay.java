package dev.millrace.kafka;

import dev.millrace.kafka.internal.letters.ReplayProgress;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
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
 * {@link DeadLetterHeaders}. A tool for an operator, when what made them fail is repaired.
 *
 * <p>It takes what is in the topic when it starts, and remembers what it has sent as the offsets of
 * the group {@code <topic>-replay}, with what was sent beyond a letter that a filter has left in
 * their metadata. It commits when the broker has what it sent, and once more at the end: a crash,
 * or two at the same time, send some letters twice, and lose none.
 */
public final class DeadLetterReplay {

  /**
   * What was done.
   *
   * @param sent how many dead letters were sent back, or would be in a dry run
   * @param left how many dead letters the filter has left
   * @param skipped how many records had no header that says where they came from; they stay
   */
  public record Report(long sent, long left, long skipped) {}

  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(200);

  private final Builder settings;
  private final Consumer<byte[], byte[]> consumer;
  private final Producer<byte[], byte[]> producer;
  private final Map<TopicPartition, ReplayProgress> progress = new HashMap<>();
  private long nextAt = System.nanoTime();
  private long sent;
  private long left;
  private long skipped;

  private DeadLetterReplay(
      Builder settings, Consumer<byte[], byte[]> consumer, Producer<byte[], byte[]> producer) {
    this.settings = settings;
    this.consumer = consumer;
    this.producer = producer;
  }

  /** What to send back, and how fast; not thread-safe. */
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

    /** Which letters to send back. Default: all. The others are left for another replay. */
    public Builder filter(ReplayFilter which) {
      filter = Objects.requireNonNull(which, "filter");
      return this;
    }

    /** How many letters to send back at the most. Default: no limit. */
    public Builder limit(long letters) {
      if (letters < 1) {
        throw new IllegalArgumentException("the limit must be at least 1, but is " + letters);
      }
      limit = letters;
      return this;
    }

    /** How many letters to send back per second at the most. Default: no limit. */
    public Builder rate(int lettersPerSecond) {
      rate = ConsumerSettings.positive("the rate", lettersPerSecond);
      return this;
    }

    /**
     * To send nothing, and remember nothing.
     *
     * @param listener gets a line for each letter that would be sent; shows nothing of the record
     */
    public Builder dryRun(java.util.function.Consumer<? super String> listener) {
      dry = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /**
     * Sends back what is in the topic now. Blocks until that is done.
     *
     * @throws ExecutionException if a letter cannot be sent: the letters since the last commit come
     *     again the next time
     * @throws KafkaException if there is no such topic
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

    /** The same with clients of a test. */
    Report run(Consumer<byte[], byte[]> consumer, Producer<byte[], byte[]> producer)
        throws ExecutionException, InterruptedException {
      return new DeadLetterReplay(this, consumer, producer).run();
    }
  }

  /**
   * What to send back.
   *
   * @param properties Kafka's own for the connection, {@code bootstrap.servers} at least
   * @param topic the topic with the dead letters
   */
  public static Builder builder(Map<String, ?> properties, String topic) {
    return new Builder(properties, topic);
  }

  /** Sends back all that is in a topic now; see {@link Builder#run}. */
  public static Report run(Map<String, ?> properties, String topic)
      throws ExecutionException, InterruptedException {
    return builder(properties, topic).run();
  }

  private Report run() throws ExecutionException, InterruptedException {
    List<PartitionInfo> known = consumer.partitionsFor(settings.topic, TIMEOUT);
    if (known == null || known.isEmpty()) {
      throw new KafkaException("there is no topic " + settings.topic);
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
          break; // it may have failed again by now: once around is enough
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
      its.sent(letter.offset()); // nobody can send it
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
    long wait = nextAt - System.nanoTime();
    if (wait > 0) {
      TimeUnit.NANOSECONDS.sleep(wait);
    }
    nextAt = Math.max(nextAt, System.nanoTime()) + TimeUnit.SECONDS.toNanos(1) / settings.rate;
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
    // Without its timestamp, which a broker may refuse as too old, or delete by at once.
    return new ProducerRecord<>(
        topic, Integer.valueOf(partition), letter.key(), letter.value(), headers);
  }

  private static @Nullable String text(ConsumerRecord<?, ?> record, String name) {
    return ReplayFilter.text(record, name);
  }

  /**
   * The tool: {@code java -cp … dev.millrace.kafka.DeadLetterReplay [options] client.properties
   * topic}; {@code --help} tells the options. Ends the process: with status 0 if all went well, 1
   * if something failed, 2 if the arguments are wrong.
   *
   * @param arguments options, a file with Kafka's own properties for the connection, and the topic
   */
  public static void main(String[] arguments) {
    System.exit(ReplayCommand.run(arguments, System.out, System.err));
  }
}
