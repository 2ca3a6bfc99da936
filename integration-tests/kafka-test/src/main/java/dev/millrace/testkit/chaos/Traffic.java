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
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Produces records in a thread of its own, until it is closed, and reports their positions. */
final class Traffic implements AutoCloseable {

  /** The prefix of values that cannot be handled. */
  static final String POISON = "poison";

  /** The prefix of values that cannot be deserialized. */
  static final String GARBAGE = "garbage";

  /** The name of the header of records that the workers are to skip. */
  static final String MARK = "skip";

  /**
   * A record that the brokers have acknowledged.
   *
   * @param isMarked whether the workers are to skip it
   */
  record Produced(int partition, long offset, String key, String value, boolean isMarked) {}

  /** A record that is to be sent. */
  private record Next(@Nullable Integer partition, String key, String value, boolean isMarked) {
    ProducerRecord<byte[], byte[]> to(String topic) {
      var record = new ProducerRecord<>(topic, partition, bytes(key), bytes(value));
      if (isMarked) {
        record.headers().add(MARK, bytes("true"));
      }
      return record;
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(Traffic.class);
  private static final int KEYS = 60;
  private static final int BATCH = 20;
  private static final long PAUSE = 100;
  private static final int STORM = 60;
  private static final int LAST_TRIES = 3;

  private final String bootstrapServers;
  private final String topic;
  private final boolean transactional;
  private final boolean badRecords;
  private final boolean marks;
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
   *     deserialized; if it skips marked records, one of ten is marked, and so is the last record
   *     of each partition
   */
  Traffic(String bootstrapServers, String topic, Plan plan, Program program) {
    this.bootstrapServers = bootstrapServers;
    this.topic = topic;
    this.transactional = plan.contents() == Contents.TRANSACTIONAL;
    this.badRecords = program.letters() != null;
    this.marks = program.settings().containsKey(Program.SKIPS);
    this.values = program.values();
    this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(plan.seed() + 1);
  }

  void start() {
    thread.start();
  }

  /** Whether the workers are to skip the record. */
  static boolean isMarked(ConsumerRecord<?, ?> record) {
    return record.headers().lastHeader(MARK) != null;
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
    int lastTries = marks ? LAST_TRIES : 1; // of the producers that meet the end
    while (lastTries > 0) {
      try (var producer = new KafkaProducer<byte[], byte[]>(properties())) {
        if (transactional) {
          producer.initTransactions();
        }
        while (!closing) {
          send(producer, batch(), transactional && random.nextInt(5) == 0);
          Thread.sleep(PAUSE); // sets the rate
        }
        if (marks) {
          send(producer, lastOfEachPartition(producer.partitionsFor(topic).size()), false);
        }
        return;
      } catch (KafkaException | ExecutionException e) {
        LOG.info(
            "a new producer is needed after",
            e); // the records that it sent may be in the topic or not
        lastTries -= closing ? 1 : 0;
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
    properties.put("metadata.max.age.ms", 3000); // so that it sees new partitions soon
    if (transactional) {
      properties.put("transactional.id", "traffic-" + topic);
      properties.put("transaction.timeout.ms", 10_000);
    }
    return properties;
  }

  private List<Next> batch() {
    List<Next> batch = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      String key = "key-" + random.nextInt(KEYS);
      boolean isMarked = marks && random.nextInt(10) == 0;
      batch.add(new Next(null, key, isMarked ? markedValue() : value(), isMarked));
    }
    return batch;
  }

  /** Marked records at the ends: a commit that does not pass them does not reach the ends. */
  private List<Next> lastOfEachPartition(int partitions) {
    List<Next> batch = new ArrayList<>();
    for (int partition = 0; partition < partitions; partition++) {
      batch.add(new Next(partition, "key-" + partition, markedValue(), true));
    }
    return batch;
  }

  /** Half of the marked records cannot be deserialized. */
  private String markedValue() {
    long id = number++;
    return (id % 2 == 0 ? "marked" : GARBAGE) + "-" + id;
  }

  /**
   * Sends records together.
   *
   * @param isAborted whether the transaction is aborted at the end, which leaves a gap
   */
  private void send(KafkaProducer<byte[], byte[]> producer, List<Next> batch, boolean isAborted)
      throws ExecutionException, InterruptedException {
    if (transactional) {
      producer.beginTransaction();
    }
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    for (Next one : batch) {
      sent.add(producer.send(one.to(topic)));
    }
    producer.flush();
    if (isAborted) {
      producer.abortTransaction();
      return;
    }
    List<Produced> done = new ArrayList<>();
    for (int i = 0; i < batch.size(); i++) {
      RecordMetadata where = sent.get(i).get();
      Next one = batch.get(i);
      done.add(
          new Produced(where.partition(), where.offset(), one.key(), one.value(), one.isMarked()));
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
