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
 * A frozen process, and a process without its broker, does not see the end of a lock. So a worker
 * begins an attempt only within two thirds of a lock's time. That time begins when the lock was asked
 * for, because the broker cannot have granted it earlier. Otherwise the worker hands the record back
 * with 'mayBeLost', and this thread renews the lock first. Renewals begin after one third, so this
 * happens only if they are late.
 *
 * A granted renewal proves nothing once the lock may have ended: the broker also grants it for a
 * record that another member has accepted, if all records before it are finished. So this thread
 * does not renew but releases a record in two cases: a worker hands it back after the lock's time,
 * or the client may have held it for two thirds of that time.
 *
 * The client may hold several batches, and does not tell their age. A poll without a wait returns
 * only records that the client holds already. So after a long time without a fetch, such polls come
 * first, and their records are released until one is empty. After a stall of this thread, an old
 * answer may also wait in the socket. So this thread first gives the client's own thread a moment to
 * read it. Records that come later were asked for later.
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

  /**
   * A lock is renewed after this part of its time, so that two attempts may fail. In the last part
   * no attempt begins.
   */
  private static final int PART = 3;

  /** The wait before records that a poll did not return are asked for again. */
  private static final Duration AGAIN = Duration.ofMillis(20);

  /** The time for the end of a member that has failed. */
  private static final Duration UNASKED = Duration.ofSeconds(1);

  /** After a stall, the time in which the client reads answers of before the stall. */
  private static final Duration SETTLE = Duration.ofSeconds(1);

  /** The longest wait for the answer to a renewal. */
  private static final Duration RENEWAL = Duration.ofSeconds(1);

  /** The time between two looks for the answer to a renewal; about the time of a round trip. */
  private static final Duration LOOK = Duration.ofMillis(2);

  /** The lock's time until the broker has told it: Kafka's shortest one by default. */
  private static final Duration UNKNOWN_LOCK = Duration.ofSeconds(15);

  /** The loop, as its member sees it. */
  interface Owner<K, V> {
    /** The loop's part of a partition. */
    Share share(TopicPartition partition);

    /** The workers that handle the records. */
    Workers<K, V> workers();

    /** Whether new records may be fetched. */
    boolean mayFetch();

    /** The topics to subscribe to. */
    List<String> topics();

    /** The longest time between two polls. */
    Duration maxPollInterval();

    /** Reports a failure that the member survives. */
    void report(Exception failure);

    /** The broker has answered acknowledgements. */
    void acknowledged(Duration took);

    /** The broker has refused acknowledgements. */
    void refused(Exception failure);

    /** The member has ended; with its failure, or null. */
    void ended(@Nullable Throwable failure);
  }

  private record Id(String topic, int partition, long offset) {
    static Id of(ConsumerRecord<?, ?> record) {
      return new Id(record.topic(), record.partition(), record.offset());
    }
  }

  private record Finished<K, V>(HeldRecord<K, V> held, AcknowledgeType type) {}

  private final Owner<K, V> owner;
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

  /** When this member has asked for new records last. */
  private long fetchedAt = Time.nanoTime();

  /** Whether the client may have had the records of the present poll for long; see the top. */
  private boolean mayBeOld;

  /**
   * In nanoseconds, the longest turn since the client was known to hold no old records; see the
   * top.
   */
  private long longestTurn;

  /** The end of the last stall of this thread. */
  private long stalledUntil = Time.nanoTime() - SETTLE.toNanos();

  /** When locks were renewed last. */
  private long renewedAt;

  private Duration lock = UNKNOWN_LOCK;

  /** The time by which this member must have ended; null while it goes on. Set by any thread. */
  private volatile @Nullable Long deadline;

  /** The last turn of this thread, for the health of the loop. */
  private volatile long turnedAt = Time.nanoTime();

  /** Whether the member has been in its group. */
  private volatile boolean joined;

  /**
   * A member that does not run yet.
   *
   * @param context of the loop; calls inside of listeners are recognized by it
   */
  Member(Owner<K, V> owner, ShareConsumer<byte[], byte[]> consumer, String name, Context context) {
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
    return Time.nanoTime() - turnedAt;
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
      fetchedAt = Time.nanoTime();
      turnedAt = Time.nanoTime();
      while (!isOver()) {
        turn();
        turned();
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
    } else if (owner.mayFetch() && now - stalledUntil >= SETTLE.toNanos()) {
      fetch(now);
    } else {
      rest();
    }
  }

  private void turned() {
    long now = Time.nanoTime();
    long took = now - turnedAt;
    longestTurn = Math.max(longestTurn, took);
    if (took >= lastPart()) {
      stalledUntil = now;
    }
    turnedAt = now;
  }

  private void fetch(long now) {
    if (Math.max(longestTurn, now - fetchedAt) < lastPart()) {
      poll(POLL);
      fetchedAt = Time.nanoTime();
    } else if (poll(Duration.ZERO)) {
      fetchedAt = now;
      longestTurn = 0;
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
      if (held.get(id) == one && Time.nanoTime() - one.askedAt >= lock.toNanos()) {
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
    unsent = 0; // the poll sends the acknowledgements
    boolean isEmpty = false;
    try {
      boolean fetches = renewing.isEmpty();
      ConsumerRecords<byte[], byte[]> records = consumer.poll(timeout);
      isEmpty = records.isEmpty();
      consumer.acquisitionLockTimeoutMs().ifPresent(millis -> lock = Duration.ofMillis(millis));
      long now = Time.nanoTime();
      mayBeOld |= fetches && now - fetchedAt > interval().toNanos();
      boolean mayHaveEnded =
          timeout.isZero() || Math.max(longestTurn, now - turnedAt) >= lastPart();
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
    Duration until = mayBeOld ? Duration.ZERO : renewing.isEmpty() ? interval() : AGAIN;
    renewAt = Time.nanoTime() + until.toNanos();
    mayBeOld &= held.isEmpty(); // an empty poll leaves the answer to the next one
    joined = joined || !held.isEmpty() || isInGroup();
    owner.workers().hire();
    return isEmpty;
  }

  private Duration interval() {
    Duration least = lock.compareTo(owner.maxPollInterval()) < 0 ? lock : owner.maxPollInterval();
    return least.dividedBy(PART);
  }

  /** In nanoseconds, the time from a lock's begin to its last part. */
  private long lastPart() {
    return lock.multipliedBy(PART - 1).dividedBy(PART).toNanos();
  }

  private long lockedUntil(HeldRecord<K, V> one) {
    return one.askedAt + lastPart();
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
        known.askedAt = fetchedAt;
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
      one.askedAt = fetchedAt;
      one.locked(lockedUntil(one));
      held.put(id, one);
      if (!one.isOld) {
        owner.workers().add(one);
      }
      return;
    }
    known.deliveredAgain(record);
    known.locked(lockedUntil(known));
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
   * Sends what is acknowledged, and releases all other records by leaving the group. The last
   * acknowledgements get half of the time, so that the rest is left for Kafka's threads to end.
   */
  private void close() {
    Long by = deadline;
    long until = by == null ? Time.nanoTime() + UNASKED.toNanos() : by;
    try {
      takeFinished();
      consumer.commitSync(Ends.left(until).dividedBy(2).plusMillis(1));
    } catch (RuntimeException e) {
      owner.report(e);
    }
    try {
      consumer.close(Ends.left(until).plusMillis(1));
    } catch (RuntimeException e) {
      owner.report(e);
    }
  }
}
