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
 * Runs transactions, one after the other, on one producer at a time. Blocks; for one thread at a
 * time, but for {@link #isOpen} and {@link #close}.
 */
/*
 * What a failure means is Kafka's own (KIP-1050), with three simplifications. A transaction that can be aborted
 * is; all that it was is still in the partitions, and is in the next one. If aborting fails, or a commit is
 * not answered, nobody knows: the producer is thrown away, and the next one with the same transactional id
 * makes the broker end what was open; then the committed offsets tell what has become of it. What
 * only people can mend stops the loop: authorization, settings, and another producer with the same id
 * if the application has chosen that id. With an id of our own it can only be the broker's timeout.
 *
 * What happens to a dead letter is about that one: it has nowhere else to go, so it waits until its topic takes it,
 * whatever the reason, and the other partitions go on without it.
 */
final class Transactions {

  /** What was not taken, of which partition, and why. */
  record Failed(Partition<?, ?> partition, Produced produced, Exception cause) {}

  /** What has become of a transaction. */
  sealed interface Outcome {}

  /** It is committed. */
  record Committed() implements Outcome {}

  /** There is a producer. */
  record Opened() implements Outcome {}

  /** It has had no effect, and may be tried again. */
  record Aborted(RuntimeException cause) implements Outcome {}

  /** It has had no effect, nor will it: the broker takes no such record. */
  record Refused(Failed output) implements Outcome {}

  /** It has had no effect, for these dead letters were not taken. */
  record Unburied(List<Failed> letters) implements Outcome {}

  /**
   * It is committed, or aborted: if these dead letters were not taken. There is no producer now.
   */
  record Unknown(RuntimeException cause, List<Failed> letters) implements Outcome {}

  /** There can be no transactions any more. */
  record Fatal(RuntimeException cause) implements Outcome {}

  /**
   * What was not taken of a transaction, in the order in which that became known. The first one is
   * to blame: the producer's own thread fails what it has not sent yet with the same exception, and
   * does so as soon as there is one.
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

    /** The dead letters, if it was they that were not taken. */
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

  /** Makes a producer; the broker ends what an earlier one has left open. */
  Outcome open() {
    try {
      Producer<byte[], byte[]> fresh = settings.newProducer();
      producer = fresh;
      topics = new TopicCheck(fresh);
      if (closed) { // at the same time: nobody else would close this one
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

  /** Sends what belongs to the commits, and commits both. */
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
      var nothing = OffsetRanges.EMPTY; // the outputs of a record wait for those before it
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
      } catch (TimeoutException | InterruptException e) { // may be said again, must not be aborted
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
      metadataLimit = 0; // the broker allows less than its default: do without
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

  /** Both failures of a transaction: neither is ours, so that neither is added to the other. */
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
    drop(); // what has had no answer fails by that
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

  /** Whether it is for a dead letter, and not the whole producer, that this has happened. */
  private static boolean isAboutLetter(Failed failed) {
    Exception e = failed.cause();
    return failed.produced().isLetter()
        && !(e instanceof ApplicationRecoverableException)
        && (!onlyPeopleCanMend(e) || e instanceof TopicAuthorizationException);
  }

  private static boolean onlyPeopleCanMend(Throwable e) {
    return e instanceof InvalidConfigurationException && !Refusals.contains(e);
  }

  /** Aborts what has not ended after that time; by any thread. */
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
