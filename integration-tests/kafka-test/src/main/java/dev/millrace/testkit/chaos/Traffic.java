package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Plan.Contents;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongFunction;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Produces records in a thread of its own, until it is closed, and reports their positions. */
final class Traffic implements AutoCloseable {

  /** The prefix of values that cannot be handled. */
  static final String POISON = "poison";

  /** The prefix of values that cannot be deserialized. */
  static final String GARBAGE = "garbage";

  /** A record that the brokers have acknowledged. */
  record Produced(int partition, long offset, String key, String value) {}

  private static final Logger LOG = LoggerFactory.getLogger(Traffic.class);
  private static final int KEYS = 60;
  private static final int BATCH = 20;
  private static final long PAUSE = 100;
  private static final int STORM = 60;

  private final String bootstrapServers;
  private final String topic;
  private final boolean transactional;
  private final boolean badRecords;
  private final LongFunction<String> values;
  private final RandomGenerator random;
  private final Queue<Produced> produced = new ConcurrentLinkedQueue<>();
  private final AtomicInteger storm = new AtomicInteger();
  private final Thread thread = Thread.ofPlatform().name("traffic").unstarted(this::run);
  private volatile boolean closing;
  private long number;

  /**
   * Traffic for a topic.
   *
   * @param program gives the values; if it has dead letters, a few records cannot be handled or
   *     deserialized
   */
  Traffic(String bootstrapServers, String topic, Plan plan, Program program) {
    this.bootstrapServers = bootstrapServers;
    this.topic = topic;
    this.transactional = plan.contents() == Contents.TRANSACTIONAL;
    this.badRecords = program.letters() != null;
    this.values = program.values();
    this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(plan.seed() + 1);
  }

  void start() {
    thread.start();
  }

  /** The records produced since the last call. */
  List<Produced> take() {
    List<Produced> all = new ArrayList<>();
    for (Produced one; (one = produced.poll()) != null; ) {
      all.add(one);
    }
    return all;
  }

  /** Produces many records that fail. */
  void storm() {
    storm.addAndGet(STORM);
  }

  /** Returns when the brokers have acknowledged all records. */
  @Override
  public void close() throws InterruptedException {
    closing = true;
    thread.join();
  }

  private void run() {
    while (!closing) {
      try (var producer = new KafkaProducer<byte[], byte[]>(properties())) {
        if (transactional) {
          producer.initTransactions();
        }
        while (!closing) {
          send(producer);
          Thread.sleep(PAUSE); // sets the rate
        }
      } catch (KafkaException | ExecutionException e) {
        LOG.info(
            "a new producer is needed after",
            e); // the records that it sent may be in the topic or not
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // no thread interrupts this one
        return;
      }
    }
  }

  private Map<String, Object> properties() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", bootstrapServers);
    properties.put("client.id", "traffic");
    properties.put("key.serializer", ByteArraySerializer.class);
    properties.put("value.serializer", ByteArraySerializer.class);
    properties.put("max.block.ms", 30_000);
    properties.put("reconnect.backoff.max.ms", 300);
    if (transactional) {
      properties.put("transactional.id", "traffic-" + topic);
      properties.put("transaction.timeout.ms", 10_000);
    }
    return properties;
  }

  private void send(KafkaProducer<byte[], byte[]> producer)
      throws ExecutionException, InterruptedException {
    if (transactional) {
      producer.beginTransaction();
    }
    List<String> keys = new ArrayList<>();
    List<String> values = new ArrayList<>();
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      String key = "key-" + random.nextInt(KEYS);
      String value = value();
      keys.add(key);
      values.add(value);
      sent.add(producer.send(new ProducerRecord<>(topic, bytes(key), bytes(value))));
    }
    producer.flush();
    if (transactional && random.nextInt(5) == 0) {
      producer.abortTransaction(); // leaves a gap
      return;
    }
    List<Produced> done = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      RecordMetadata where = sent.get(i).get();
      done.add(new Produced(where.partition(), where.offset(), keys.get(i), values.get(i)));
    }
    if (transactional) {
      producer.commitTransaction();
    }
    produced.addAll(done);
  }

  private String value() {
    long id = number++;
    boolean bad = random.nextInt(500) == 0;
    if (storm.get() > 0) {
      storm.decrementAndGet();
      bad = true;
    }
    return !bad || !badRecords ? values.apply(id) : (id % 2 == 0 ? POISON : GARBAGE) + "-" + id;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
