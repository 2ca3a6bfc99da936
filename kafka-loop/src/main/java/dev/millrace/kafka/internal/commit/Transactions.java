package dev.millrace.kafka.internal.commit;

import dev.millrace.errors.Causes;
import dev.millrace.kafka.internal.offsets.CommitMetadata;
import dev.millrace.kafka.internal.offsets.OffsetRanges;
import dev.millrace.kafka.internal.partition.Commit;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Produced;
import dev.millrace.kafka.internal.settings.Refusals;
import dev.millrace.kafka.internal.settings.TransactionSettings;
import dev.millrace.kafka.internal.text.Brief;
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
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
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
 * open transaction, and the committed offsets show its outcome. Failures that only people can solve
 * stop the loop: authorization, settings, and another producer with the same id if the application
 * has chosen that id. With a generated id, a producer is fenced only after a timeout of the broker.
 *
 * An id that the application has chosen may be taken over by a newer loop. Then this loop must not
 * open a second producer: it would fence the newer loop. The broker reports a takeover in three
 * ways. A call after the takeover is answered with PRODUCER_FENCED, and a record with
 * INVALID_PRODUCER_EPOCH. A commit may also arrive while the broker aborts the transaction for the
 * newer producer. Its answer is INVALID_TXN_STATE: since KIP-890 the broker increases the epoch with
 * the abort, so this commit looks like a repeated one. Each of the three stops the loop. A missing
 * answer reports nothing: the takeover may have happened meanwhile. So the producer is kept, and the
 * same call is repeated until it has an answer.
 *
 * Other answers leave a producer that Kafka's client allows no more calls, and do not say whether
 * there is a newer loop. An unexpected error of the broker is one. INVALID_PRODUCER_ID_MAPPING is
 * another: either the broker has forgotten an unused id, or the newer producer has got another
 * producer id, because the epochs of the old one were used up. Then the cluster is asked whether it
 * knows the transactional id. If not, there is no newer loop that a second producer could fence.
 * If it knows the id, this loop cannot prove that it is the newest one, so it stops.
 *
 * A failure of a dead letter concerns only that letter. The letter has no other place to go, so it
 * waits until its topic accepts it. The other partitions go on without it.
 */
final class Transactions {

  /** An output that was not accepted, its partition, its record, and the reason. */
  record Failed(
      Partition<?, ?> partition,
      Produced produced,
      ProducerRecord<byte[], byte[]> record,
      Exception cause) {}

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
   * It is not known whether the transaction is committed or aborted. Letters in the list were not
   * accepted, so with such letters the transaction is aborted. The next call is {@link #open}.
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

    Callback of(
        Partition<?, ?> partition, Produced produced, ProducerRecord<byte[], byte[]> record) {
      return (metadata, failure) -> {
        if (failure != null && isAbout(record.topic(), failure)) {
          all.add(new Failed(partition, produced, record, failure));
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

  /**
   * A call that has no answer yet. Kafka allows only the same call next.
   *
   * @param abortOf the failure of the transaction; null for a commit
   */
  private record Unanswered(Failures failures, @Nullable RuntimeException abortOf) {}

  private static final int COMMIT_ATTEMPTS = 2;

  private final TransactionSettings settings;
  private volatile @Nullable Producer<byte[], byte[]> producer;
  private @Nullable TopicCheck topics;
  private @Nullable Unanswered unanswered;

  /** The failure of the last producer, if a newer loop may have taken over its id meanwhile. */
  private @Nullable RuntimeException lost;

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

  /**
   * Creates a producer. The broker ends a transaction that an earlier producer has left open. If a
   * call has no answer yet, repeats this call instead, and returns the outcome of its transaction.
   */
  Outcome open() {
    Producer<byte[], byte[]> current = producer;
    Unanswered last = unanswered;
    if (current == null || last == null) {
      Outcome obstacle = obstacle();
      return obstacle == null ? openNew() : obstacle;
    }
    unanswered = null;
    RuntimeException cause = last.abortOf();
    return cause == null
        ? commit(current, last.failures())
        : abort(current, last.failures(), cause);
  }

  /** The reason why there must be no second producer with this id now; null if there is none. */
  private @Nullable Outcome obstacle() {
    RuntimeException failure = lost;
    if (failure == null) {
      return null;
    }
    try {
      if (settings.isKnown().test(settings.transactionalId())) {
        return new Fatal(
            Causes.find(failure, InvalidPidMappingException.class) != null
                ? takenOver(failure)
                : unprovable(failure));
      }
      lost = null;
      return null;
    } catch (RuntimeException e) {
      return isFatal(e) ? fatal(e) : new Aborted(e);
    }
  }

  private Outcome openNew() {
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
      return isFatal(e) ? fatal(e) : new Aborted(e);
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
      send(current, outputs, failures);
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
              ProducerRecord<byte[], byte[]> letter = one.records().getFirst();
              Exception problem = check.problem(letter.topic());
              if (problem != null) {
                all.add(new Failed(partition, one, letter, problem));
              }
              return;
            }
          }
        });
    return all;
  }

  private static <K, V> void send(
      Producer<byte[], byte[]> current,
      Map<Partition<K, V>, List<Produced>> outputs,
      Failures failures) {
    SendOrder.forEach(
        outputs,
        (partition, produced, record) -> {
          Future<RecordMetadata> _ = current.send(record, failures.of(partition, produced, record));
        });
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
        open = true;
        return new Committed();
      } catch (TimeoutException
          | InterruptException e) { // the commit may be repeated, and must not be aborted
        if (attempt == COMMIT_ATTEMPTS) {
          return unanswered(e, new Unanswered(failures, null));
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
      open = true;
    } catch (TimeoutException | InterruptException again) {
      RuntimeException both = both(e, again);
      Outcome repeated = unanswered(both, new Unanswered(failures, e));
      return isFatal ? fatal(both) : repeated;
    } catch (RuntimeException again) {
      RuntimeException both = both(e, again);
      outcome = unknown(both, failures);
      return isFatal || isFatal(again) ? fatal(both) : outcome;
    }
    return isFatal ? fatal(e) : outcome;
  }

  private Fatal fatal(RuntimeException e) {
    return new Fatal(isTakenOver(e) ? takenOver(e) : e);
  }

  private RuntimeException unprovable(RuntimeException cause) {
    return new KafkaException(
        ("another loop may have the 'transactional.id' '%s': the outcome of a transaction is"
             + " unknown, its producer allows no more calls, and a new producer would stop that"
             + " loop. Start this loop again if it is the only one with this id. The failure: %s")
            .formatted(settings.transactionalId(), Brief.of(cause)),
        cause);
  }

  private RuntimeException takenOver(RuntimeException cause) {
    var all =
        new ProducerFencedException(
            ("another producer has the 'transactional.id' '%s' now, or a transaction took longer"
                    + " than 'transaction.timeout.ms' (%s): each running loop needs an id of its"
                    + " own")
                .formatted(settings.transactionalId(), settings.timeout()));
    all.initCause(cause);
    return all;
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

  private Outcome unanswered(RuntimeException e, Unanswered call) {
    if (!settings.isNamed()) {
      return unknown(e, call.failures());
    }
    open = false;
    unanswered = call;
    return new Unknown(e, call.failures().letters());
  }

  private Outcome unknown(RuntimeException e, Failures failures) {
    drop(); // records without an answer then fail
    if (settings.isNamed()) {
      lost = e;
    }
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
    return Causes.find(e, this::endsTheLoop) != null || isTakenOver(e);
  }

  private boolean endsTheLoop(Throwable e) {
    boolean isRefused = e instanceof AuthorizationException || e instanceof AuthenticationException;
    return onlyPeopleCanMend(e) && !(isRefused && settings.awaitsRights());
  }

  private boolean isTakenOver(RuntimeException e) {
    return settings.isNamed() && Causes.find(e, Transactions::tellsOfTakeover) != null;
  }

  private static boolean tellsOfTakeover(Throwable e) {
    return e instanceof ProducerFencedException
        || e instanceof InvalidProducerEpochException
        || e instanceof InvalidTxnStateException;
  }

  /** Whether the failure concerns a dead letter only, and not the whole producer. */
  private static boolean isAboutLetter(Failed failed) {
    Exception e = failed.cause();
    return failed.produced().isLetter(failed.record())
        && !(e instanceof ApplicationRecoverableException)
        && !tellsOfTakeover(e)
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
