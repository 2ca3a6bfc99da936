package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * The settings of a subject in one process, and its reports to the oracle. Each report is one line
 * of a file, written with one call before the method returns. So a SIGKILL loses no report.
 *
 * <p>Thread-safe.
 */
public final class SubjectRun {

  final WorkerSettings settings;
  final EventLog log;

  /** The exit status of the process after {@link Subject#run} has returned. */
  volatile int status;

  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicBoolean asked = new AtomicBoolean();
  private final PartitionReports partitions;

  SubjectRun(WorkerSettings settings, EventLog log) {
    this.settings = settings;
    this.log = log;
    this.partitions = new PartitionReports(log);
  }

  /** The prefix of the subject's own settings. */
  static final String OWN = "own.";

  /**
   * The value of a {@link ConsumerProof#setting}.
   *
   * @throws NullPointerException if there is none of this name
   */
  public String setting(String name) {
    return settings.text(OWN + name);
  }

  /** The topic to consume. Its keys and values are text in UTF-8. */
  public String topic() {
    return settings.text("topic");
  }

  /** The group to join. */
  public String group() {
    return settings.text("kafka.group.id");
  }

  /** The name of this process, the client id of its consumer. Faults of the network find it so. */
  public String name() {
    return settings.text("kafka.client.id");
  }

  /** The addresses of the brokers. */
  public String bootstrapServers() {
    return settings.text("kafka.bootstrap.servers");
  }

  /**
   * The settings for the consumer, in a map of its own: the brokers, the group, the client id, the
   * rebalance protocol, time-outs that suit the disturbances, {@code auto.offset.reset=earliest},
   * and deserializers of text. An interceptor and a metrics reporter in them observe commits and
   * polls. Add your own settings; do not replace the interceptor, the reporter and the client id.
   */
  public Map<String, Object> consumerProperties() {
    Map<String, Object> properties = new HashMap<>(settings.kafka());
    properties.put("auto.offset.reset", "earliest");
    properties.put("key.deserializer", TEXT);
    properties.put("value.deserializer", TEXT);
    properties.put("interceptor.classes", CommitProbe.class.getName());
    properties.put("metric.reporters", PollProbe.class.getName());
    properties.put(CommitProbe.LOG, log);
    properties.put(CommitProbe.TOPIC, topic());
    return properties;
  }

  private static final String TEXT = "org.apache.kafka.common.serialization.StringDeserializer";

  /** A handler begins with the record. Call it before the work. */
  public void started(ConsumerRecord<?, ?> record) {
    log.record(Kind.START, record.partition(), record.offset(), key(record), "");
  }

  /**
   * The record is processed. Call it after the work, and before its offset may be committed.
   * Without {@link #started} the oracle cannot see that two records of a key run at once.
   */
  public void handled(ConsumerRecord<?, ?> record) {
    log.record(Kind.END, record.partition(), record.offset(), key(record), "");
  }

  /** A handler has failed; the record is to be handled again. */
  public void failed(ConsumerRecord<?, ?> record, Throwable cause) {
    log.record(Kind.FAILED, record.partition(), record.offset(), key(record), cause.toString());
  }

  private static String key(ConsumerRecord<?, ?> record) {
    return String.valueOf(record.key());
  }

  /**
   * A listener to subscribe with: it reports the partitions of this process. Without it, the oracle
   * does not check progress, duplicates, and the time after a revoke.
   */
  public ConsumerRebalanceListener listener() {
    return listener(
        new ConsumerRebalanceListener() {
          @Override
          public void onPartitionsAssigned(Collection<TopicPartition> names) {}

          @Override
          public void onPartitionsRevoked(Collection<TopicPartition> names) {}
        });
  }

  /** The same, around a listener of your own: an end is reported when yours has returned. */
  public ConsumerRebalanceListener listener(ConsumerRebalanceListener own) {
    return partitions.around(Objects.requireNonNull(own, "own"));
  }

  /** A partition is consumed from now on; for consumers without a listener. */
  public void assigned(TopicPartition partition) {
    partitions.assigned(partition);
  }

  /**
   * A partition is no longer consumed; for consumers without a listener.
   *
   * @param begun the number of its handlers that have begun and not ended; they may outlast the
   *     release, but no other handler may begin
   */
  public void released(TopicPartition partition, int begun) {
    partitions.released(partition, begun);
  }

  /**
   * The records that the subject must produce for {@code record}, in one transaction with its
   * offset: none, one, or two. Only in a proof of {@linkplain ConsumerProof#exactlyOnce exactly
   * once}.
   *
   * @throws IllegalStateException if the proof is not one of exactly once
   */
  public List<ProducerRecord<String, String>> outputsOf(ConsumerRecord<?, String> record) {
    String outputs = settings.text("outputs", "");
    if (outputs.isEmpty()) {
      throw new IllegalStateException(
          "this proof checks no outputs: call exactlyOnce() on the builder of the proof");
    }
    List<ProducerRecord<String, String>> all = new ArrayList<>();
    Derived.of(record).forEach(one -> all.add(one.in(outputs, key(record))));
    return all;
  }

  /**
   * Whether the process has got SIGTERM. Does not block. A subject that asks, here or by {@link
   * #awaitStop}, is given time to close: the JVM then waits until {@link Subject#run} has returned.
   */
  public boolean isStopping() {
    asked.set(true);
    return stop.getCount() == 0;
  }

  /** Blocks until the process gets SIGTERM; see {@link #isStopping}. */
  public void awaitStop() throws InterruptedException {
    asked.set(true);
    stop.await();
  }

  /** SIGTERM has arrived; blocks until a subject that wants to close has closed. */
  void stopAndAwaitClose() {
    stop.countDown();
    try {
      if (asked.get()) {
        closed.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the JVM is about to halt
    }
  }

  void closed() {
    closed.countDown();
  }
}
