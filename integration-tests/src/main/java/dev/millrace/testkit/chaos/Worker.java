package dev.millrace.testkit.chaos;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.testkit.chaos.Event.Kind;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * The part that all faces of a worker share: the cost of a record, its failures, and the log.
 * Thread-safe.
 */
final class Worker implements AutoCloseable {

  /** The prefix of values that cannot be handled. */
  static final String POISON = "poison";

  /** The prefix of values that cannot be deserialized. */
  static final String GARBAGE = "garbage";

  /** The number of attempts for a record. */
  static final int ATTEMPTS = 3;

  final WorkerSettings settings;
  final EventLog log;
  private final int slowest;
  private final double failures;
  private final KafkaProducer<byte[], byte[]> producer;
  private final DeadLetters letters;
  private @Nullable OwnOutput ownOutput;

  Worker(WorkerSettings settings, EventLog log) {
    this.settings = settings;
    this.log = log;
    this.slowest = settings.number("slowest");
    this.failures = Double.parseDouble(settings.text("failures"));
    this.producer = new KafkaProducer<>(lettersProperties());
    this.letters = DeadLetters.toTopic(producer, settings.text("letters"));
  }

  private Map<String, Object> lettersProperties() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", settings.text("kafka.bootstrap.servers"));
    properties.put("client.id", settings.text("kafka.client.id") + "-letters");
    properties.put("key.serializer", ByteArraySerializer.class);
    properties.put("value.serializer", ByteArraySerializer.class);
    properties.put("delivery.timeout.ms", 4000);
    properties.put("request.timeout.ms", 2000);
    properties.put("max.block.ms", 2000);
    properties.put("linger.ms", 0);
    properties.put("buffer.memory", 1 << 20);
    return properties;
  }

  /** Kafka's properties of the consumer, with the interceptor that reports its actions. */
  Map<String, Object> consumerProperties() {
    Map<String, Object> properties = new HashMap<>(settings.kafka());
    properties.put("interceptor.classes", CommitProbe.class.getName());
    properties.put("metric.reporters", PollProbe.class.getName());
    properties.put(CommitProbe.LOG, log);
    if (settings.defect() == Defect.READS_UNCOMMITTED) {
      properties.put("isolation.level", "read_uncommitted");
    }
    return properties;
  }

  /**
   * Kafka's properties of the transactional producer, with the interceptor that reports its sends.
   */
  Map<String, Object> transactionProperties() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("client.id", settings.text("kafka.client.id") + "-transactions");
    properties.put("transaction.timeout.ms", 5000);
    properties.put("max.block.ms", 3000);
    properties.put("buffer.memory", 4 << 20);
    properties.put("interceptor.classes", LetterProbe.class.getName());
    properties.put(CommitProbe.LOG, log);
    return properties;
  }

  /** Handles a record: logs the start, works, sometimes fails, and logs the end. */
  void handle(ConsumerRecord<String, String> record) throws Exception {
    started(record);
    work(record);
    ended(record);
  }

  void started(ConsumerRecord<?, ?> record) {
    log.record(Kind.START, record.partition(), record.offset(), "" + record.key(), "");
  }

  void ended(ConsumerRecord<?, ?> record) {
    log.record(Kind.END, record.partition(), record.offset(), "" + record.key(), "");
  }

  /** Most records are quick, some take a while, and a few take longer than a rebalance waits. */
  void work(ConsumerRecord<String, String> record) throws Exception {
    var random = ThreadLocalRandom.current();
    double dice = random.nextDouble();
    try {
      Thread.sleep(dice < 0.001 ? slowest : dice < 0.02 ? slowest / 10 : random.nextInt(3));
      if (record.value().startsWith(POISON) || random.nextDouble() < failures) {
        throw new IllegalStateException("it fails");
      }
    } catch (Exception e) {
      String why = e.toString();
      log.record(Kind.FAILED, record.partition(), record.offset(), "" + record.key(), why);
      throw e;
    }
  }

  /** Puts a record into the dead letters; returns when it is safe there. */
  void bury(DeadLetter letter) throws Exception {
    ConsumerRecord<byte[], byte[]> record = letter.record();
    String where = "%d@%d".formatted(record.partition(), record.offset());
    try {
      letters.accept(letter);
    } catch (Exception e) {
      log.record(Kind.LETTER_FAILED, record.partition(), record.offset(), "", where + ": " + e);
      throw e;
    }
    log.record(Kind.LETTER, record.partition(), record.offset(), "", where);
  }

  /** Closes the output together with this worker. */
  OwnOutput closing(OwnOutput output) {
    ownOutput = output;
    return output;
  }

  /** Closes what it holds. */
  @Override
  public void close() {
    producer.close();
    if (ownOutput != null) {
      ownOutput.close();
    }
  }
}
