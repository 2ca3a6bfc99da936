package dev.millrace.kafka.internal.commit;

import dev.millrace.errors.Causes;
import dev.millrace.kafka.internal.partition.Commit;
import dev.millrace.kafka.internal.partition.CommitMetadata;
import dev.millrace.kafka.internal.partition.OffsetRanges;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Produced;
import dev.millrace.kafka.internal.report.Brief;
import dev.millrace.kafka.internal.settings.Refusals;
import dev.millrace.kafka.internal.settings.TransactionSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApplicationRecoverableException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.jspecify.annotations.Nullable;

/**
 * Runs transactions, one after the other, on one producer at a time. Blocks. For one thread at a
 * time; {@link #isOpen} and {@link #close} are thread-safe.
 */
/*
 * Failures have the meaning that Kafka gives them (KIP-1050), with three simplifications. A
 * transaction that can be aborted is aborted. Its content is still in the partitions, and goes into
 * the next transaction. If aborting fails, or a commit gets no answer, the outcome is unknown. Then
 * the producer is closed. A new producer with the same transactional id makes the broker end the
 * open transaction, and the committed offsets tell its outcome. Failures that only people can solve
 * stop the loop: authorization, settings, and another producer with the same id if the application
 * has chosen that id. With a generated id, a fenced producer can only mean the timeout of the
 * broker.
 *
 * A failure of a dead letter concerns only that letter. It has no other place to go, so it waits
 * until its topic accepts it, whatever the reason. The other partitions go on without it.
 */
final class Transactions {

  /** An output that was not accepted, its partition, and the reason. */
  record Failed(Partition<?, ?> partition, Produced produced, Exception cause) {}

  /** The outcome of a transaction. */
  sealed interface Outcome {}

  /** The transaction is committed. */
  record Committed() implements Outcome {}

  /** There is a producer. */
  record Opened() implements Outcome {}

  /** The transaction has no effect, and may be repeated. */
  record Aborted(RuntimeException cause) implements Outcome {}

  /** The transaction has no effect, and a repetition would fail: the broker refuses this record. */
  record Refused(Failed output) implements Outcome {}

  /** The transaction has no effect, because these dead letters were not accepted. */
  record Unburied(List<Failed> letters) implements Outcome {}

  /**
   * The transaction is either committed or aborted. If there are letters, they were not accepted,
   * and it is aborted. There is no producer now.
   */
  record Unknown(RuntimeException cause, List<Failed> letters) implements Outcome {}

  /** No more transactions are possible. */
  record Fatal(RuntimeException cause) implements Outcome {}

  /**
   * The outputs of a transaction that were not accepted, in the order of their failures. The first
   * failure is the cause. After it, the producer's own thread fails all unsent records with the
   * same exception.
   */
  private static final class Failures {
    private final Queue<Failed> all = new ConcurrentLinkedQueue<>();

    Callback of(Partition<?, ?> partition, Produced produced, String topic) {
      return (metadata, failure) -> {
        if (failure != null && isAbout(topic, failure)) {
          all.add(new Failed(partition, produced, failure));
        }
      };
    }

    private static boolean isAbout(String topic, Exception failure) {
      return !(failure instanceof TopicAuthorizationException unauthorized)
          || unauthorized.unauthorizedTopics().contains(topic);
    }

    @Nullable Failed first() {
      return all.peek();
    }

    /** The dead letters among the failed outputs, if they caused the failure. */
    List<Failed> letters() {
      return all.stream().takeWhile(Transactions::isAboutLetter).toList();
    }
  }

  private static final int COMMIT_ATTEMPTS = 2;

  private final TransactionSettings settings;
  private volatile @Nullable Producer<byte[], byte[]> producer;
  private @Nullable TopicCheck topics;
  private volatile int metadataLimit;
  private volatile boolean open;
  private volatile boolean closed;

  Transactions(TransactionSettings settings) {
    this.settings = settings;
    this.metadataLimit = settings.metadataLimit();
  }

  boolean isOpen() {
    return open;
  }

  /** Creates a producer. The broker ends a transaction that an earlier producer has left open. */
  Outcome open() {
    try {
      Producer<byte[], byte[]> fresh = settings.newProducer();
      producer = fresh;
      topics = new TopicCheck(fresh);
      if (closed) { // close() came at the same time, and did not see this producer
        throw new KafkaException("there are no transactions any more");
      }
      fresh.initTransactions();
      open = true;
      return new Opened();
    } catch (RuntimeException e) {
      drop();
      return isFatal(e) ? new Fatal(e) : new Aborted(e);
    }
  }

  /** Sends the outputs that belong to the commits, and commits both. */
  <K, V> Outcome run(List<Commit<K, V>> commits, ConsumerGroupMetadata group) {
    Producer<byte[], byte[]> current = producer;
    TopicCheck check = topics;
    if (current == null || check == null) {
      throw new IllegalStateException("there is no producer");
    }
    Map<Partition<K, V>, List<Produced>> outputs = new HashMap<>();
    commits.forEach(
        one ->
            outputs.put(one.partition(), one.partition().commits().producedBefore(one.offset())));
    List<Failed> unburied = withoutTopic(outputs, check);
    if (!unburied.isEmpty()) {
      return new Unburied(unburied);
    }
    var failures = new Failures();
    try {
      current.beginTransaction();
      outputs.forEach((partition, some) -> send(current, partition, some, failures));
      current.sendOffsetsToTransaction(offsets(commits), group);
      return commit(current, failures);
    } catch (RuntimeException e) {
      return abort(current, failures, e);
    }
  }

  /** The first dead letter of each partition, if there is no topic for it. */
  private static <K, V> List<Failed> withoutTopic(
      Map<Partition<K, V>, List<Produced>> outputs, TopicCheck check) {
    List<Failed> all = new ArrayList<>();
    outputs.forEach(
        (partition, some) -> {
          for (Produced one : some) {
            if (one.isLetter() && !one.records().isEmpty()) {
              Exception problem = check.problem(one.records().getFirst().topic());
              if (problem != null) {
                all.add(new Failed(partition, one, problem));
              }
              return;
            }
          }
        });
    return all;
  }

  private static void send(
      Producer<byte[], byte[]> current,
      Partition<?, ?> partition,
      List<Produced> some,
      Failures failures) {
    for (Produced produced : some) {
      for (ProducerRecord<byte[], byte[]> record : produced.records()) {
        Future<RecordMetadata> _ =
            current.send(record, failures.of(partition, produced, record.topic()));
      }
    }
  }

  private <K, V> Map<TopicPartition, OffsetAndMetadata> offsets(List<Commit<K, V>> commits) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (Commit<K, V> one : commits) {
      TopicPartition name = one.partition().name();
      var nothing = OffsetRanges.EMPTY; // the outputs of a record wait for the outputs before them
      var encoded = CommitMetadata.encode(name, one.offset(), nothing, one.origin(), metadataLimit);
      offsets.put(name, one.with(encoded.text()));
    }
    return offsets;
  }

  private Outcome commit(Producer<byte[], byte[]> current, Failures failures) {
    for (int attempt = 1; ; attempt++) {
      try {
        current.commitTransaction();
        return new Committed();
      } catch (TimeoutException
          | InterruptException e) { // the commit may be repeated, and must not be aborted
        if (attempt == COMMIT_ATTEMPTS) {
          return unknown(e, failures);
        }
      } catch (RuntimeException e) {
        return abort(current, failures, e);
      }
    }
  }

  private Outcome abort(Producer<byte[], byte[]> current, Failures failures, RuntimeException e) {
    if (Causes.find(e, OffsetMetadataTooLarge.class) != null) {
      metadataLimit = 0; // the broker allows less than its default: write no metadata
    }
    Outcome outcome = aborted(failures.first(), e);
    boolean isFatal = !(outcome instanceof Unburied) && isFatal(e);
    try {
      current.abortTransaction();
    } catch (RuntimeException again) {
      RuntimeException both = both(e, again);
      outcome = unknown(both, failures);
      return isFatal || isFatal(again) ? new Fatal(both) : outcome;
    }
    return isFatal ? new Fatal(e) : outcome;
  }

  /**
   * Both failures of a transaction. Both are exceptions of others, so neither is added to the
   * other.
   */
  private static RuntimeException both(RuntimeException e, RuntimeException again) {
    if (again == e) {
      return e;
    }
    var both =
        new KafkaException(
            "a transaction failed, and so did its abort (%s); the first failure: %s"
                .formatted(Brief.of(again), Brief.of(e)),
            e);
    both.addSuppressed(again);
    return both;
  }

  private static Outcome aborted(@Nullable Failed first, RuntimeException e) {
    if (first == null) {
      return new Aborted(e);
    }
    if (isAboutLetter(first)) {
      return new Unburied(List.of(first));
    }
    return Refusals.contains(first.cause()) ? new Refused(first) : new Aborted(e);
  }

  private Outcome unknown(RuntimeException e, Failures failures) {
    drop(); // records without an answer then fail
    return new Unknown(e, failures.letters());
  }

  private void drop() {
    open = false;
    Producer<byte[], byte[]> old = producer;
    producer = null;
    if (old != null) {
      old.close(Duration.ZERO);
    }
  }

  private boolean isFatal(RuntimeException e) {
    return Causes.find(e, Transactions::onlyPeopleCanMend) != null
        || (settings.isNamed() && Causes.find(e, ProducerFencedException.class) != null);
  }

  /** Whether the failure concerns a dead letter only, and not the whole producer. */
  private static boolean isAboutLetter(Failed failed) {
    Exception e = failed.cause();
    return failed.produced().isLetter()
        && !(e instanceof ApplicationRecoverableException)
        && (!onlyPeopleCanMend(e) || e instanceof TopicAuthorizationException);
  }

  private static boolean onlyPeopleCanMend(Throwable e) {
    return e instanceof InvalidConfigurationException && !Refusals.contains(e);
  }

  /** Aborts a transaction that has not ended after this time. Any thread may call it. */
  void close(Duration timeout) {
    closed = true;
    Producer<byte[], byte[]> last = producer;
    open = false;
    try {
      if (last != null) {
        last.close(timeout);
      }
    } finally {
      settings.serializers().forEach(serializer -> serializer.close());
    }
  }
}
