package dev.millrace.kafka.share;

import dev.millrace.clock.internal.Time;
import dev.millrace.context.Context;
import dev.millrace.kafka.internal.report.Ends;
import dev.millrace.kafka.internal.text.Brief;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One member of a share group: a consumer of Kafka, and the only thread that calls it. Methods for
 * other threads say so.
 */
/*
 * Kafka's share consumer hands out a batch, and refuses to poll before each record of the batch is
 * acknowledged. A record whose handler still runs is acknowledged with RENEW: its lock begins anew,
 * and the next poll returns the same record. While a record is renewed, the consumer fetches no new
 * records. So the batch is the look-ahead, and a slow record holds up the next batch.
 *
 * Renewals are not sent by a poll. A poll with renewals makes the client fetch in the background: it
 * gets the next batch, whose locks then run while this batch goes on. So renewals are committed
 * first, and the poll comes when the broker has answered them: it then only returns the records.
 * Even so, a slow client may have fetched a batch too early, and a frozen process finds an answer
 * that is older than a lock. So records that come after a long batch or a long poll are renewed
 * before they are handled. If the broker refuses that, another member has them.
 *
 * Nor are other acknowledgements left to a poll. The client keeps them for its next fetch. If an
 * earlier fetch brings records at that moment, the next one comes only after their batch, and a slow
 * record of it may take longer than the locks of the records that wait to be acknowledged.
 *
 * The rules about the age of a lock are in LockTime.
 *
 * A held record is in one of these places:
 *
 *   held      the consumer has handed it out, and it is not acknowledged
 *   renewing  RENEW was sent, and no poll has returned the record yet
 *   orphans   its lock is lost, and a worker still has it
 *   none      it is finished, and its acknowledgement is with the consumer
 *
 * A finished record of 'renewing' keeps its outcome until a poll returns it. An orphan that the
 * broker delivers to this member again is not handled a second time: its handler's outcome counts
 * for the new delivery. An orphan whose attempt has not begun is handed back, and dropped.
 *
 * Writers of 'finished' and 'late' are the workers; this thread reads. A worker adds the record
 * first, and then unparks this thread, so a park does not outlast the record.
 */
final class Member<K, V> implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(ShareLoop.class);

  /** The longest time until a finished record is acknowledged to the broker, if it answers. */
  private static final Duration FLUSH = Duration.ofMillis(100);

  /** The longest poll: an order from another thread waits for its end. */
  private static final Duration POLL = Duration.ofMillis(100);

  /** The wait before records that a poll did not return are asked for again. */
  private static final Duration AGAIN = Duration.ofMillis(20);

  /** The time for the end of a member that has failed. */
  private static final Duration UNASKED = Duration.ofSeconds(1);

  /** The longest wait for the answer to a renewal. */
  private static final Duration RENEWAL = Duration.ofSeconds(1);

  /** The time between two looks for the answer to a renewal; about the time of a round trip. */
  private static final Duration LOOK = Duration.ofMillis(2);

  private record Id(String topic, int partition, long offset) {
    static Id of(ConsumerRecord<?, ?> record) {
      return new Id(record.topic(), record.partition(), record.offset());
    }
  }

  private record Finished<K, V>(HeldRecord<K, V> held, AcknowledgeType type) {}

  private final MemberOwner<K, V> owner;
  private final ShareConsumer<byte[], byte[]> consumer;
  private final Thread thread;
  private final Map<Id, HeldRecord<K, V>> held = new HashMap<>();
  private final Map<Id, HeldRecord<K, V>> renewing = new HashMap<>();
  private final Map<Id, HeldRecord<K, V>> orphans = new HashMap<>();

  /** The records of {@link #renewing} whose renewal the broker has not answered. */
  private final Set<Id> unanswered = new HashSet<>();

  private final Queue<Finished<K, V>> finished = new ConcurrentLinkedQueue<>();

  /** Records that workers have handed back, see {@link #mayBeLost}. */
  private final Queue<HeldRecord<K, V>> late = new ConcurrentLinkedQueue<>();

  /** The number of acknowledgements that the consumer has not sent, and when the first came. */
  private int unsent;

  private long unsentSince;

  /** When the locks of {@link #held} are to be renewed. */
  private long renewAt;

  /**
   * Whether the client may have had the records of the present poll for long; see {@link LockTime}.
   */
  private boolean mayBeOld;

  /** When locks were renewed last. */
  private long renewedAt;

  private final LockTime locks = new LockTime();

  /** The time by which this member must have ended; null while it goes on. Set by any thread. */
  private volatile @Nullable Long deadline;

  /** Whether the member has been in its group. */
  private volatile boolean joined;

  /**
   * A member that does not run yet.
   *
   * @param context of the loop; calls inside of listeners are recognized by it
   */
  Member(
      MemberOwner<K, V> owner,
      ShareConsumer<byte[], byte[]> consumer,
      String name,
      Context context) {
    this.owner = owner;
    this.consumer = consumer;
    this.thread = Thread.ofPlatform().daemon().name(name).unstarted(() -> context.run(this));
  }

  /** Starts the thread. */
  void start() {
    thread.start();
  }

  /** The handler of the record, or its dead letter, has come to its end. For any thread. */
  void finished(HeldRecord<K, V> one, AcknowledgeType type) {
    finished.add(new Finished<>(one, type));
    LockSupport.unpark(thread);
  }

  /**
   * The lock of the record may have ended before a worker began: the member asks the broker, and
   * then adds the record to the workers again, or drops it. For any thread.
   */
  void mayBeLost(HeldRecord<K, V> one) {
    late.add(one);
    LockSupport.unpark(thread);
  }

  /** Makes the member send its acknowledgements and leave the group. For any thread. */
  void end(long by) {
    deadline = by;
    LockSupport.unpark(thread);
  }

  /** Waits for the end of the thread; whether it has ended. For any thread. */
  boolean join(long by) {
    return Ends.join(thread, by);
  }

  /** The innermost calls of the thread, for people. For any thread. */
  String place() {
    return Ends.place(thread);
  }

  /** In nanoseconds, the time since the thread did its work last. For any thread. */
  long idle() {
    return locks.idle();
  }

  /** Whether the member has been in its group. For any thread. */
  boolean hasJoined() {
    return joined;
  }

  @Override
  public void run() {
    Throwable cause = null;
    try {
      consumer.setAcknowledgementCommitCallback(this::answered);
      consumer.subscribe(owner.topics());
      locks.begin();
      while (!isOver()) {
        turn();
        locks.turned();
      }
    } catch (Throwable e) {
      cause = e;
      LOG.error("the share consumer cannot go on", e);
    } finally {
      close();
      owner.ended(cause);
    }
  }

  /** At the end, acknowledgements that are owed go first, as long as there is time. */
  private boolean isOver() {
    Long by = deadline;
    return by != null
        && (Time.nanoTime() - by >= 0
            || (finished.isEmpty()
                && renewing.values().stream().allMatch(one -> one.outcome == null)));
  }

  private void turn() {
    takeFinished();
    takeLate();
    long now = Time.nanoTime();
    if (!held.isEmpty()) {
      if (now - renewAt >= 0) {
        renew();
      } else {
        rest();
      }
    } else if (!renewing.isEmpty()) {
      if (unanswered.isEmpty() || now - renewedAt > RENEWAL.toNanos()) {
        poll(POLL);
      } else {
        awaitAnswer();
      }
    } else if (owner.mayFetch() && locks.hasSettled(now)) {
      fetch(now);
    } else {
      rest();
    }
  }

  private void fetch(long now) {
    if (!locks.clientMayHoldOldRecords(now)) {
      poll(POLL);
      locks.fetched();
    } else if (poll(Duration.ZERO)) {
      locks.clientIsEmpty(now);
    }
  }

  private void takeFinished() {
    for (Finished<K, V> one; (one = finished.poll()) != null; ) {
      one.held.outcome = one.type;
      Id id = Id.of(one.held.raw());
      if (held.get(id) == one.held) {
        acknowledge(one.held, one.type);
        held.remove(id);
      } else if (orphans.remove(id) != null) {
        over(one.held); // the broker delivers it again, as was reported when the lock was lost
      }
    }
  }

  private void takeLate() {
    for (HeldRecord<K, V> one; (one = late.poll()) != null; ) {
      Id id = Id.of(one.raw());
      if (held.get(id) == one && locks.mayHaveEnded(one.askedAt)) {
        acknowledge(one, AcknowledgeType.RELEASE);
        held.remove(id);
      } else if (held.get(id) == one) {
        one.isOld = true;
        renewAt = Time.nanoTime();
      } else if (renewing.get(id) == one) {
        one.isOld = true;
      } else if (orphans.remove(id, one)) {
        over(one);
      }
    }
  }

  private void acknowledge(HeldRecord<K, V> one, AcknowledgeType type) {
    if (unsent++ == 0) {
      unsentSince = Time.nanoTime();
    }
    consumer.acknowledge(one.raw(), type);
    if (type != AcknowledgeType.RENEW) {
      over(one);
      if (type != AcknowledgeType.RELEASE) {
        one.share.observer().settled(one.latency());
      }
    }
  }

  private static void over(HeldRecord<?, ?> one) {
    one.share.held(-1);
  }

  private void renew() {
    renewedAt = Time.nanoTime();
    held.forEach(
        (id, one) -> {
          acknowledge(one, AcknowledgeType.RENEW);
          one.askedAt = renewedAt;
          renewing.put(id, one);
          unanswered.add(id);
        });
    held.clear();
    commit();
  }

  /** Kafka calls {@link #answered} only inside of other calls. */
  private void awaitAnswer() {
    Time.parkNanos(this, LOOK.toNanos());
    commit();
  }

  private void commit() {
    consumer.commitAsync();
    unsent = 0;
  }

  /** Waits for a handler, and sends acknowledgements that have waited for long enough. */
  private void rest() {
    long now = Time.nanoTime();
    long wait = FLUSH.toNanos();
    if (unsent > 0) {
      long left = unsentSince + FLUSH.toNanos() - now;
      if (left <= 0 || held.isEmpty()) {
        commit();
      } else {
        wait = left;
      }
    }
    if (!held.isEmpty()) {
      wait = Math.min(wait, renewAt - now);
    }
    if (finished.isEmpty() && deadline == null && wait > 0) {
      Time.parkNanos(this, wait);
    } else if (deadline != null) {
      Time.parkNanos(this, AGAIN.toNanos());
    }
  }

  /**
   * All records must be acknowledged or renewed before this call.
   *
   * @return whether the client had no records
   */
  private boolean poll(Duration timeout) {
    boolean isEmpty = false;
    try {
      if (unsent > 0) {
        commit();
      }
      boolean fetches = renewing.isEmpty();
      ConsumerRecords<byte[], byte[]> records = consumer.poll(timeout);
      isEmpty = records.isEmpty();
      consumer
          .acquisitionLockTimeoutMs()
          .ifPresent(millis -> locks.lasts(Duration.ofMillis(millis)));
      long now = Time.nanoTime();
      mayBeOld |= fetches && locks.isDue(now, owner.maxPollInterval());
      boolean mayHaveEnded = timeout.isZero() || locks.stalledIn(now);
      for (ConsumerRecord<byte[], byte[]> record : records) {
        received(record, mayHaveEnded);
      }
      unanswered.retainAll(renewing.keySet());
    } catch (CorruptRecordException e) {
      throw e; // the consumer has rejected the records of the batch, and may hold others unseen
    } catch (RetriableException e) {
      owner.report(e);
      Time.parkNanos(this, POLL.toNanos());
    }
    Duration until =
        mayBeOld
            ? Duration.ZERO
            : renewing.isEmpty() ? locks.interval(owner.maxPollInterval()) : AGAIN;
    renewAt = Time.nanoTime() + until.toNanos();
    mayBeOld &= held.isEmpty(); // after an empty poll, the next poll decides
    joined = joined || !held.isEmpty() || isInGroup();
    owner.workers().hire();
    return isEmpty;
  }

  private boolean isInGroup() {
    for (Metric metric : consumer.metrics().values()) {
      if (metric.metricName().name().equals("rebalance-total")
          && metric.metricValue() instanceof Number number) {
        return number.doubleValue() > 0;
      }
    }
    return false;
  }

  private void received(ConsumerRecord<byte[], byte[]> record, boolean mayHaveEnded) {
    Id id = Id.of(record);
    HeldRecord<K, V> known = renewing.remove(id);
    if (known == null) {
      known = orphans.remove(id);
      if (known != null) {
        known.askedAt = locks.askedAt();
      }
    }
    if (known == null) {
      Share share = owner.share(new TopicPartition(record.topic(), record.partition()));
      share.held(1);
      var one = new HeldRecord<>(this, share, record);
      if (mayHaveEnded) {
        acknowledge(one, AcknowledgeType.RELEASE);
        return;
      }
      one.isOld = mayBeOld;
      one.askedAt = locks.askedAt();
      one.locked(locks.until(one.askedAt));
      held.put(id, one);
      if (!one.isOld) {
        owner.workers().add(one);
      }
      return;
    }
    known.deliveredAgain(record);
    known.locked(locks.until(known.askedAt));
    if (known.isOld) { // its lock is renewed, so it lasts
      known.isOld = false;
      owner.workers().add(known);
    }
    AcknowledgeType outcome = known.outcome;
    if (outcome == null) {
      held.put(id, known);
    } else {
      acknowledge(known, outcome);
    }
  }

  /** Kafka calls this in {@link #thread}, inside of a call of the consumer. */
  private void answered(Map<TopicIdPartition, Set<Long>> offsets, @Nullable Exception failure) {
    if (!unanswered.isEmpty()) {
      offsets.forEach(
          (name, some) ->
              some.forEach(
                  offset -> unanswered.remove(new Id(name.topic(), name.partition(), offset))));
    }
    if (failure == null) {
      owner.acknowledged(Duration.ofNanos(Math.max(0, Time.nanoTime() - unsentSince)));
      return;
    }
    offsets.forEach((name, some) -> refused(name.topicPartition(), some, failure));
  }

  /** The broker gives the records to a member again when their locks have ended. */
  private void refused(TopicPartition name, Set<Long> offsets, Exception failure) {
    List<Long> lost = new ArrayList<>(offsets);
    for (long offset : offsets) {
      var id = new Id(name.topic(), name.partition(), offset);
      HeldRecord<K, V> one = renewing.remove(id);
      if (one != null && one.outcome == null && !one.isOld) {
        one.locked(Time.nanoTime()); // if no worker has begun, none begins
        orphans.put(id, one);
      } else if (one != null) {
        over(one);
      }
    }
    lost.sort(null);
    var told =
        new KafkaException(
            "the broker has refused %d acknowledgements of %s, from offset %d on: the records will be delivered again: %s"
                .formatted(lost.size(), name, lost.getFirst(), Brief.of(failure)),
            failure);
    owner.refused(told);
    owner.report(told);
  }

  /**
   * Sends the acknowledgements, and releases all other records by leaving the group. The last
   * acknowledgements get half of the time, so that the rest is left for Kafka's threads to end.
   */
  private void close() {
    Long by = deadline;
    long until = by == null ? Time.nanoTime() + UNASKED.toNanos() : by;
    try {
      takeFinished();
      consumer.commitSync(Time.left(until).dividedBy(2).plusMillis(1));
    } catch (RuntimeException e) {
      owner.report(e);
    }
    try {
      consumer.close(Time.left(until).plusMillis(1));
    } catch (RuntimeException e) {
      owner.report(e);
    }
  }
}
