package dev.millrace.testkit.chaos;

import dev.millrace.kafka.BatchFailedException;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Ordering;
import dev.millrace.testkit.chaos.Event.Kind;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
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
  static final String POISON = Traffic.POISON;

  /** The prefix of values that cannot be deserialized. */
  static final String GARBAGE = Traffic.GARBAGE;

  /** In nanoseconds. */
  private static final long LONGEST_DEAF = TimeUnit.SECONDS.toNanos(6);

  /** The time between two looks at the handlers that ignore interrupts, in nanoseconds. */
  private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(5);

  /** The number of attempts for a record. */
  static final int ATTEMPTS = 3;

  final WorkerSettings settings;
  final EventLog log;
  private final int slowest;
  private final double failures;

  /** The part of the handlers that ignore interrupts for some seconds. */
  private final double deaf;

  private final AtomicInteger deafNow = new AtomicInteger();
  private final KafkaProducer<byte[], byte[]> producer;
  private final DeadLetters letters;
  private @Nullable OwnOutput ownOutput;
  private final AtomicLong batches = new AtomicLong();
  private volatile boolean storeIsDown;

  Worker(WorkerSettings settings, EventLog log) {
    this.settings = settings;
    this.log = log;
    this.slowest = settings.number("slowest");
    this.failures = Double.parseDouble(settings.text("failures"));
    this.deaf = Double.parseDouble(settings.text("deaf", "0"));
    this.producer = new KafkaProducer<>(lettersProperties());
    this.letters = DeadLetters.toTopic(producer, settings.text("letters"));
  }

  /** The planted defect of the worker. */
  Defect defect() {
    return Defect.valueOf(settings.text("defect", "none").toUpperCase(Locale.ROOT));
  }

  Ordering ordering() {
    return Ordering.valueOf(settings.text("ordering"));
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
    properties.put(CommitProbe.TOPIC, settings.text("topic"));
    if (defect() == Defect.READS_UNCOMMITTED) {
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

  /** Kafka's properties of a producer of outputs, at least once. */
  Map<String, Object> outputProperties() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", settings.text("kafka.bootstrap.servers"));
    properties.put("client.id", settings.text("kafka.client.id") + "-outputs");
    properties.put("request.timeout.ms", 2000);
    properties.put("linger.ms", 0);
    properties.put("buffer.memory", 4 << 20);
    return properties;
  }

  /** Kafka's properties of the loop's own producer, for a retry topic and dead letters. */
  Map<String, Object> letterProperties() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("client.id", settings.text("kafka.client.id") + "-retries");
    properties.put("delivery.timeout.ms", 4000);
    properties.put("request.timeout.ms", 2000);
    properties.put("max.block.ms", 2000);
    properties.put("linger.ms", 0);
    properties.put("buffer.memory", 1 << 20);
    properties.put("interceptor.classes", RetryProbe.class.getName());
    properties.put(CommitProbe.LOG, log);
    return properties;
  }

  /** Whether it is the topic of the inputs, and no retry topic. */
  boolean isInput(String topic) {
    return settings.text("topic").equals(topic);
  }

  /** Handles a record: logs the start, works, sometimes fails, and logs the end. */
  void handle(ConsumerRecord<String, String> record) throws Exception {
    if (!isInput(record.topic())) {
      retry(record);
      return;
    }
    started(record);
    work(record);
    ended(record);
  }

  /** Handles a record of a retry topic; most of them succeed. */
  private void retry(ConsumerRecord<String, String> record) throws Exception {
    Thread.sleep(ThreadLocalRandom.current().nextInt(5)); // the work
    if (record.value().startsWith(POISON) || ThreadLocalRandom.current().nextInt(10) == 0) {
      throw new IllegalStateException("it fails again");
    }
    ended(record);
  }

  /**
   * Handles records together: one piece of work for all. In half of its failures, the handler says
   * which record has failed.
   */
  void handleAll(List<ConsumerRecord<String, String>> records) throws Exception {
    String batch = "batch " + batches.incrementAndGet();
    for (ConsumerRecord<String, String> record : records) {
      if (isInput(record.topic())) {
        started(record, batch);
      }
    }
    int done = 0;
    try {
      spendTime();
      for (ConsumerRecord<String, String> record : records) {
        if (fails(record)) {
          var failure = new IllegalStateException("it fails");
          if (ThreadLocalRandom.current().nextBoolean()) {
            throw failure;
          }
          done = records.indexOf(record);
          throw new BatchFailedException(record, failure);
        }
      }
      done = records.size();
    } finally {
      records.subList(0, done).forEach(this::ended);
      records.subList(done, records.size()).forEach(record -> failed(record, batch));
    }
  }

  private boolean fails(ConsumerRecord<String, String> record) {
    var random = ThreadLocalRandom.current();
    return record.value().startsWith(POISON)
        || random.nextDouble() < (isInput(record.topic()) ? failures : 0.1);
  }

  void started(ConsumerRecord<?, ?> record) {
    started(record, "");
  }

  private void started(ConsumerRecord<?, ?> record, String batch) {
    log.record(Kind.START, record.partition(), record.offset(), "" + record.key(), batch);
  }

  private void failed(ConsumerRecord<?, ?> record, String why) {
    if (isInput(record.topic())) {
      log.record(Kind.FAILED, record.partition(), record.offset(), "" + record.key(), why);
    }
  }

  void ended(ConsumerRecord<?, ?> record) {
    if (!isInput(record.topic())) {
      RetryProbe.log(log, Kind.RETRIED, record.headers());
      return;
    }
    log.record(Kind.END, record.partition(), record.offset(), "" + record.key(), "");
  }

  void work(ConsumerRecord<String, String> record) throws Exception {
    try {
      spendTime();
      if (fails(record)) {
        throw new IllegalStateException("it fails");
      }
    } catch (Exception e) {
      failed(record, e.toString());
      throw e;
    }
  }

  /** Most work is quick, some takes a while, and a little takes longer than a rebalance waits. */
  private void spendTime() throws Exception {
    var random = ThreadLocalRandom.current();
    if (random.nextDouble() < deaf) {
      beDeaf();
    }
    double dice = random.nextDouble();
    Thread.sleep(dice < 0.001 ? slowest : dice < 0.02 ? slowest / 10 : random.nextInt(3));
    if (storeIsDown) {
      throw new StoreDownException();
    }
  }

  /** Ignores interrupts for some seconds, and then fails if there was one. */
  private void beDeaf() throws InterruptedException {
    deafNow.incrementAndGet();
    try {
      long until = System.nanoTime() + ThreadLocalRandom.current().nextLong(LONGEST_DEAF);
      boolean interrupted = false;
      for (long left; (left = until - System.nanoTime()) > 0; ) {
        LockSupport.parkNanos(left);
        interrupted |= Thread.interrupted();
      }
      if (interrupted) {
        throw new InterruptedException("after it was deaf");
      }
    } finally {
      deafNow.decrementAndGet();
    }
  }

  /** From now on, records fail because of the store, or no longer do. */
  void storeDown(boolean isDown) {
    storeIsDown = isDown;
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
    boolean isOfRetryTopic = letter.attempts() > ATTEMPTS;
    Kind kind = isOfRetryTopic ? Kind.RETRY_LETTER : Kind.LETTER;
    log.record(kind, record.partition(), record.offset(), "", where);
  }

  /** Closes the output together with this worker. */
  OwnOutput closing(OwnOutput output) {
    ownOutput = output;
    return output;
  }

  /** Waits for handlers that ignore interrupts, and closes what it holds. */
  @Override
  public void close() {
    while (deafNow.get() > 0) {
      LockSupport.parkNanos(LOOK); // there is nothing to be notified by
    }
    producer.close();
    if (ownOutput != null) {
      ownOutput.close();
    }
  }
}
