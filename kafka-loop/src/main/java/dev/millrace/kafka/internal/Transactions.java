package dev.millrace.kafka.internal;

import dev.millrace.errors.Causes;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnsupportedForMessageFormatException;
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
 */
final class Transactions {

  /** What has become of a transaction. */
  sealed interface Outcome {}

  /** It is committed. */
  record Committed() implements Outcome {}

  /** There is a producer. */
  record Opened() implements Outcome {}

  /** It has had no effect, and may be tried again. */
  record Aborted(RuntimeException cause) implements Outcome {}

  /** It has had no effect, nor will it: the broker takes no such record. */
  record Refused(Partition<?, ?> partition, Produced produced, Exception cause)
      implements Outcome {}

  /** It is committed, or aborted. There is no producer now. */
  record Unknown(RuntimeException cause) implements Outcome {}

  /** There can be no transactions any more. */
  record Fatal(RuntimeException cause) implements Outcome {}

  /**
   * The first refusal of a transaction. Those that come after it are about records that have done
   * nothing: the producer's own thread fails what it has not sent yet with the same exception, and
   * does so as soon as there is one.
   */
  private static final class FirstRefusal extends AtomicReference<@Nullable Refused> {
    private static final long serialVersionUID = 1L;

    Callback of(Partition<?, ?> partition, Produced produced) {
      return (metadata, failure) -> {
        if (failure != null && REFUSALS.contains(failure.getClass())) {
          compareAndSet(null, new Refused(partition, produced, failure));
        }
      };
    }
  }

  /** The broker says the same whenever it is asked. */
  private static final Set<Class<?>> REFUSALS =
      Set.of(
          RecordTooLargeException.class,
          RecordBatchTooLargeException.class,
          InvalidTopicException.class,
          InvalidRecordException.class,
          InvalidTimestampException.class,
          UnsupportedForMessageFormatException.class);

  private static final int COMMIT_ATTEMPTS = 2;

  private final TransactionSettings settings;
  private volatile @Nullable Producer<byte[], byte[]> producer;
  private volatile boolean open;
  private volatile boolean closed;

  Transactions(TransactionSettings settings) {
    this.settings = settings;
  }

  boolean isOpen() {
    return open;
  }

  /** Makes a producer; the broker ends what an earlier one has left open. */
  Outcome open() {
    try {
      Producer<byte[], byte[]> fresh = settings.newProducer();
      producer = fresh;
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
    if (current == null) {
      throw new IllegalStateException("there is no producer");
    }
    var refusal = new FirstRefusal();
    try {
      current.beginTransaction();
      for (Commit<K, V> commit : commits) {
        send(current, commit.partition(), commit.offset(), refusal);
      }
      current.sendOffsetsToTransaction(offsets(commits), group);
      return commit(current, refusal);
    } catch (RuntimeException e) {
      return abort(current, refusal, e);
    }
  }

  private static void send(
      Producer<byte[], byte[]> current,
      Partition<?, ?> partition,
      long offset,
      FirstRefusal refusal) {
    for (Produced produced : partition.producedBefore(offset)) {
      for (ProducerRecord<byte[], byte[]> record : produced.records()) {
        Future<RecordMetadata> _ = current.send(record, refusal.of(partition, produced));
      }
    }
  }

  private static <K, V> Map<TopicPartition, OffsetAndMetadata> offsets(List<Commit<K, V>> commits) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    commits.forEach(
        one -> offsets.put(one.partition().name(), new OffsetAndMetadata(one.offset())));
    return offsets;
  }

  private Outcome commit(Producer<byte[], byte[]> current, FirstRefusal refusal) {
    for (int attempt = 1; ; attempt++) {
      try {
        current.commitTransaction();
        return new Committed();
      } catch (TimeoutException | InterruptException e) { // may be said again, must not be aborted
        if (attempt == COMMIT_ATTEMPTS) {
          return unknown(e);
        }
      } catch (RuntimeException e) {
        return abort(current, refusal, e);
      }
    }
  }

  private Outcome abort(
      Producer<byte[], byte[]> current, FirstRefusal refusal, RuntimeException e) {
    Refused refused = refusal.get();
    Outcome outcome = refused != null ? refused : new Aborted(e);
    boolean isFatal = isFatal(e);
    try {
      current.abortTransaction();
    } catch (RuntimeException again) {
      if (again != e) {
        e.addSuppressed(again);
      }
      isFatal |= isFatal(again);
      outcome = unknown(e);
    }
    return isFatal ? new Fatal(e) : outcome;
  }

  private Outcome unknown(RuntimeException e) {
    drop();
    return new Unknown(e);
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

  private static boolean onlyPeopleCanMend(Throwable e) {
    return e instanceof InvalidConfigurationException && !REFUSALS.contains(e.getClass());
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
