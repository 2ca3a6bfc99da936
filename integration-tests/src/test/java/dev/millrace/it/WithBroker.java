package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.Loop;
import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.TestKafka;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;

/** The broker of all test classes, and a topic and a group for each test. */
@KafkaTest
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class WithBroker {

  static final int PARTITIONS = 6;

  private static @Nullable TestKafka kafka;
  private static @Nullable Producer<byte[], byte[]> producer;

  /** Classes with this parameter run on each face; the others run on the first one. */
  @Parameter Face face = Face.CHANNEL;

  String topic = "";
  String group = "";

  /** The handled values, with the number of times. */
  final Map<String, AtomicInteger> handled = new ConcurrentHashMap<>();

  private final List<Loop> started = new ArrayList<>();

  /** Threads that an earlier test has left. That test has failed because of them. */
  private Set<Thread> before = Set.of();

  @BeforeAll
  static void use(TestKafka given, Producer<byte[], byte[]> itsProducer) {
    kafka = given;
    producer = itsProducer;
  }

  private static TestKafka kafka() {
    return Objects.requireNonNull(kafka);
  }

  static Admin admin() {
    return kafka().admin();
  }

  static String bootstrapServers() {
    return kafka().bootstrapServers();
  }

  @BeforeEach
  void createTopic() throws Exception {
    before = pollThreads();
    topic = "orders-" + UUID.randomUUID();
    group = "group-" + topic;
    createTopic(topic, PARTITIONS);
  }

  @AfterEach
  void noThreadIsLeft() throws Exception {
    for (var loop : started) { // the loops that a failed test left
      loop.drain(Duration.ofMillis(1));
    }
    assertThat(pollThreads()).isSubsetOf(before);
  }

  private static Set<Thread> pollThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(
            thread -> thread.getName().matches("millrace-poll.*|millrace-share.*|reactive-kafka.*"))
        .collect(Collectors.toSet());
  }

  static void createTopic(String name, int partitions) throws Exception {
    kafka().createTopic(name, partitions);
  }

  TopicPartition partition(int number) {
    return new TopicPartition(topic, number);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The values {@code value-from} to {@code value-to}, with a hundred keys. */
  void produce(int from, int to) throws Exception {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = from; i < to; i++) {
      records.add(new ProducerRecord<>(topic, bytes("key-" + i % 100), bytes("value-" + i)));
    }
    produce(records);
  }

  /** The same values, with one key, to one partition. */
  void produceTo(int partition, @Nullable String key, int from, int to) throws Exception {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = from; i < to; i++) {
      byte[] keyBytes = key == null ? null : bytes(key);
      records.add(new ProducerRecord<>(topic, partition, keyBytes, bytes("value-" + i)));
    }
    produce(records);
  }

  static void produce(List<ProducerRecord<byte[], byte[]>> records) throws Exception {
    List<Future<?>> sent = new ArrayList<>();
    var sending = Objects.requireNonNull(producer);
    records.forEach(one -> sent.add(sending.send(one)));
    for (Future<?> one : sent) {
      one.get();
    }
  }

  /** A loop that counts the handled records; see {@link #handled}. */
  FaceBuilder builder(Map<String, ?> more) {
    return face.builder()
        .properties(properties(more))
        .topics(topic)
        .concurrency(32)
        .commitInterval(Duration.ofMillis(100))
        .handler(record -> count(record.value()));
  }

  /** For groups whose members must notice a rebalance at once, and not within three seconds. */
  static Map<String, Object> quickly(Map<String, Object> properties) {
    Map<String, Object> quick = new HashMap<>(properties);
    if (!"consumer"
        .equals(
            properties.get("group.protocol"))) { // with that protocol the broker sets the interval
      quick.put("heartbeat.interval.ms", 300);
    }
    return quick;
  }

  /**
   * For tests that count repeated records: sets Kafka's own heartbeat interval for the new
   * protocol, so that members notice a rebalance as late as with Kafka's defaults.
   */
  void asLateAsKafkaHasIt() throws Exception {
    var interval = new ConfigEntry("consumer.heartbeat.interval.ms", "5000");
    admin()
        .incrementalAlterConfigs(
            Map.of(
                new ConfigResource(ConfigResource.Type.GROUP, group),
                List.of(new AlterConfigOp(interval, AlterConfigOp.OpType.SET))))
        .all()
        .get();
  }

  private Map<String, Object> properties(Map<String, ?> more) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", bootstrapServers());
    properties.put("group.id", group);
    properties.put("key.deserializer", StringDeserializer.class);
    properties.put("value.deserializer", StringDeserializer.class);
    properties.putAll(more);
    return properties;
  }

  void count(String value) {
    handled.computeIfAbsent(value, v -> new AtomicInteger()).incrementAndGet();
  }

  /** The number of times that a record was handled again. */
  int repeated() {
    return handled.values().stream().mapToInt(AtomicInteger::get).sum() - handled.size();
  }

  /** A running loop. */
  record Running(Loop loop, FutureTask<String> task) {
    void drain() throws Exception {
      drain(Duration.ofSeconds(10));
    }

    void drain(Duration timeout) throws Exception {
      loop.drain(timeout);
      assertThat(task.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
    }
  }

  Running start(Loop loop) {
    var task =
        new FutureTask<>(
            () -> {
              loop.run(Context.background());
              return "ended";
            });
    Thread.ofVirtual().start(task);
    started.add(loop);
    return new Running(loop, task);
  }

  Map<TopicPartition, OffsetAndMetadata> commits() throws Exception {
    return admin().listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
  }

  /** The sum of the committed offsets. */
  long committed() throws Exception {
    return commits().values().stream()
        .mapToLong(offset -> offset == null ? 0 : offset.offset())
        .sum();
  }

  long committed(int partition) throws Exception {
    var offset = commits().get(partition(partition));
    return offset == null ? -1 : offset.offset();
  }
}
