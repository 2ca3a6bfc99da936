package dev.millrace.kafka.share;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.AcknowledgementCommitCallback;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidRecordStateException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;

/**
 * A share consumer with a queue of one partition behind it. Kafka's mock accepts every
 * acknowledgement and knows no renewal; this one has Kafka's rules for explicit acknowledgements.
 * Calls of the loop come from one thread; a test may call {@link #add} and what reads.
 */
final class QueueConsumer extends MockShareConsumer<byte[], byte[]> {

  static final String TOPIC = "orders";

  private final Deque<ConsumerRecord<byte[], byte[]>> available = new ArrayDeque<>();

  /** What the client holds already: a poll returns these records first, and without a wait. */
  private final Deque<ConsumerRecord<byte[], byte[]>> fetched = new ArrayDeque<>();

  private final Map<Long, ConsumerRecord<byte[], byte[]>> inFlight = new LinkedHashMap<>();
  private final Map<Long, ConsumerRecord<byte[], byte[]>> renewed = new LinkedHashMap<>();
  private final Map<Long, AcknowledgeType> acknowledged = new LinkedHashMap<>();
  private final Map<Long, AcknowledgeType> ended = new HashMap<>();

  /** Acknowledgements that wait for the next fetch, and their records. */
  private final Map<Long, AcknowledgeType> kept = new LinkedHashMap<>();

  private final Map<Long, ConsumerRecord<byte[], byte[]>> keptRecords = new LinkedHashMap<>();
  private final List<String> answers = new ArrayList<>();
  private @Nullable AcknowledgementCommitCallback callback;
  private @Nullable RuntimeException failure;
  private int atOnce = 500;
  private int lockMillis = 30_000;
  private int renewals;
  private int largest;
  private boolean losesLocks;
  private long lost = -1;
  private long takenAway = -1;
  private boolean hangs;
  private boolean isHanging;
  private long frozenMillis;
  private boolean isClosed;

  /** Adds a record with this value, at the next offset. */
  synchronized QueueConsumer add(String... values) {
    for (String value : values) {
      available.add(next(value));
    }
    notifyAll();
    return this;
  }

  /** Adds a record that the broker has locked for this client, and the client has not returned. */
  synchronized void fetch(String... values) {
    for (String value : values) {
      fetched.add(next(value));
    }
    notifyAll();
  }

  private ConsumerRecord<byte[], byte[]> next(String value) {
    int known = fetched.size() + available.size() + inFlight.size();
    int offset = known + renewed.size() + ended.size();
    return record(offset, value.getBytes(StandardCharsets.UTF_8), 1);
  }

  private static ConsumerRecord<byte[], byte[]> record(long offset, byte[] value, int delivery) {
    return new ConsumerRecord<>(
        TOPIC,
        0,
        offset,
        0,
        TimestampType.CREATE_TIME,
        -1,
        value.length,
        null,
        value,
        new RecordHeaders(),
        Optional.empty(),
        Optional.of((short) delivery));
  }

  synchronized QueueConsumer lock(Duration time) {
    lockMillis = (int) time.toMillis();
    return this;
  }

  synchronized QueueConsumer atOnce(int records) {
    atOnce = records;
    return this;
  }

  /** The next renewal is refused, and the broker delivers the records again. */
  synchronized void loseLocks() {
    losesLocks = true;
  }

  /** The next renewal of this record is refused, and the broker delivers it again. */
  synchronized void losesLockOf(long offset) {
    lost = offset;
  }

  /** The next renewal of this record is refused, and another member has accepted it. */
  synchronized void takeAway(long offset) {
    takenAway = offset;
  }

  /** Commits hang from now on, as in a process that is frozen, or go on. */
  synchronized void hang(boolean now) {
    hangs = now;
    notifyAll();
  }

  /** Whether a commit hangs. */
  synchronized boolean isHanging() {
    return isHanging;
  }

  /** The next poll that has records takes this time, and leaves them to the poll after it. */
  synchronized void freeze(Duration time) {
    frozenMillis = time.toMillis();
  }

  /** The next poll throws this. */
  synchronized void fail(RuntimeException thrown) {
    failure = thrown;
    notifyAll();
  }

  /** What the broker was told of the record; null if it was told nothing final. */
  synchronized @Nullable AcknowledgeType end(long offset) {
    return ended.get(offset);
  }

  /** All final acknowledgements, as {@code ACCEPT@0}, in their order. */
  synchronized List<String> answers() {
    return List.copyOf(answers);
  }

  synchronized int renewals() {
    return renewals;
  }

  /** The largest number of records that one poll has returned. */
  synchronized int largest() {
    return largest;
  }

  synchronized boolean isClosed() {
    return isClosed;
  }

  @Override
  public synchronized void subscribe(Collection<String> topics) {}

  @Override
  public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
    if (!acknowledged.keySet().equals(inFlight.keySet())) {
      throw new IllegalStateException(
          "All records must be acknowledged in explicit acknowledgement mode.");
    }
    sendOrKeep();
    awaitNews(System.nanoTime() + timeout.toNanos());
    if (failure != null) {
      throw failure;
    }
    if (renewed.isEmpty() && fetched.size() + available.size() > 0 && frozenMillis > 0) {
      sleep(frozenMillis);
      frozenMillis = 0;
      return ConsumerRecords.empty();
    }
    inFlight.putAll(renewed);
    if (renewed.isEmpty()) {
      Deque<ConsumerRecord<byte[], byte[]>> from =
          fetched.isEmpty() && !timeout.isZero() ? available : fetched;
      while (inFlight.size() < atOnce && !from.isEmpty()) {
        ConsumerRecord<byte[], byte[]> next = from.remove();
        inFlight.put(next.offset(), next);
      }
      largest = Math.max(largest, inFlight.size());
    }
    renewed.clear();
    return new ConsumerRecords<>(
        inFlight.isEmpty()
            ? Map.of()
            : Map.of(new TopicPartition(TOPIC, 0), List.copyOf(inFlight.values())),
        Map.of());
  }

  /**
   * Kafka's client sends the acknowledgements of a poll with its next fetch. If an earlier fetch
   * brings records at that moment, the next one comes with the next poll.
   */
  private void sendOrKeep() {
    var before = Map.copyOf(kept);
    kept.clear();
    if (fetched.size() + available.size() > 0) {
      kept.putAll(acknowledged);
      acknowledged.keySet().forEach(at -> keptRecords.put(at, inFlight.remove(at)));
      acknowledged.clear();
    }
    before.forEach(
        (offset, type) -> {
          inFlight.put(offset, Objects.requireNonNull(keptRecords.remove(offset)));
          acknowledged.put(offset, type);
        });
    send();
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private void awaitNews(long deadline) {
    try {
      for (long left;
          renewed.isEmpty()
              && fetched.isEmpty()
              && available.isEmpty()
              && failure == null
              && (left = deadline - System.nanoTime()) > 0; ) {
        wait(left / 1_000_000 + 1);
      }
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  @Override
  public synchronized void acknowledge(
      ConsumerRecord<byte[], byte[]> record, AcknowledgeType type) {
    if (!inFlight.containsKey(record.offset())) {
      throw new IllegalStateException("The record cannot be acknowledged.");
    }
    acknowledged.put(record.offset(), type);
  }

  @Override
  public synchronized void commitAsync() {
    try {
      while (hangs) {
        isHanging = true;
        wait();
      }
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
    isHanging = false;
    send();
  }

  @Override
  public synchronized Map<TopicIdPartition, Optional<KafkaException>> commitSync(Duration timeout) {
    send();
    return Map.of();
  }

  private void send() {
    Set<Long> sent = new TreeSet<>();
    Set<Long> lost = new TreeSet<>();
    acknowledged.forEach(
        (offset, type) -> {
          ConsumerRecord<byte[], byte[]> record = Objects.requireNonNull(inFlight.remove(offset));
          sent.add(offset);
          switch (type) {
            case RENEW -> {
              renewals++;
              if (losesLocks || offset == this.lost) {
                this.lost = -1;
                lost.add(offset);
                again(record);
              } else if (offset == takenAway) {
                lost.add(offset);
                ended.put(offset, AcknowledgeType.ACCEPT);
              } else {
                renewed.put(offset, record);
              }
            }
            case RELEASE -> {
              answers.add(type.name() + "@" + offset);
              again(record);
            }
            default -> {
              answers.add(type.name() + "@" + offset);
              ended.put(offset, type);
            }
          }
        });
    acknowledged.clear();
    sent.removeAll(lost);
    answer(sent, null);
    if (!lost.isEmpty()) {
      losesLocks = false;
      answer(lost, new InvalidRecordStateException("the lock has ended"));
    }
    notifyAll();
  }

  private void again(ConsumerRecord<byte[], byte[]> record) {
    int delivery = record.deliveryCount().orElseThrow() + 1;
    available.add(record(record.offset(), record.value(), delivery));
  }

  private void answer(Set<Long> offsets, @Nullable Exception thrown) {
    if (!offsets.isEmpty() && callback != null) {
      callback.onComplete(Map.of(new TopicIdPartition(Uuid.ONE_UUID, 0, TOPIC), offsets), thrown);
    }
  }

  @Override
  public void setAcknowledgementCommitCallback(AcknowledgementCommitCallback given) {
    callback = given;
  }

  @Override
  public Optional<Integer> acquisitionLockTimeoutMs() {
    return Optional.of(lockMillis);
  }

  @Override
  public synchronized void close(Duration timeout) {
    send();
    isClosed = true;
  }
}
