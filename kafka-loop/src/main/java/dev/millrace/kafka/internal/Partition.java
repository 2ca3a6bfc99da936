package dev.millrace.kafka.internal;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One partition during one ownership: what was polled, what runs, what is settled, and up to where
 * it may be committed.
 *
 * <p>A new object is made each time the partition is assigned, so it is the epoch as well: a record
 * is known by its identity, and one of an earlier ownership settles nothing here. Safe for use by
 * many threads.
 */
/*
 * The window holds every record from the first one that is not settled on, in the order of their
 * offsets. They rise, but may leave gaps (compaction, transactions), so a record is found by binary
 * search. Settled records at the front of the window leave it; the record that left last says what can
 * be committed. Nothing is committed beyond the first record that is not settled.
 */
public final class Partition<K, V> {

  /** A record in the window. */
  private static final class Entry<K, V> {
    final long offset;
    @Nullable ConsumerRecord<K, V>
        record; // null once it is settled: what it holds can be collected
    boolean running;

    Entry(ConsumerRecord<K, V> record) {
      this.offset = record.offset();
      this.record = record;
    }
  }

  private final TopicPartition name;
  private final Window<Entry<K, V>> window = new Window<>();
  private final ArrayDeque<ConsumerRecord<K, V>> buffered = new ArrayDeque<>();
  private int running;
  private boolean revoked;
  private long position = -1;
  private long committed = -1;

  /** The partition, from now on. */
  public Partition(TopicPartition name) {
    this.name = name;
  }

  /** Which partition it is. */
  public TopicPartition name() {
    return name;
  }

  /** Adds records that were polled, in the order of their offsets. */
  public synchronized void add(List<ConsumerRecord<K, V>> records) {
    for (ConsumerRecord<K, V> record : records) {
      window.add(record.offset(), new Entry<>(record));
      buffered.add(record);
    }
  }

  /** Takes the next record that was not handed out; null if there is none. */
  public synchronized @Nullable ConsumerRecord<K, V> next() {
    return buffered.poll();
  }

  /** How many records wait to be handed out. */
  public synchronized int buffered() {
    return buffered.size();
  }

  /**
   * How many records there are from the first one that is not settled on, settled ones included.
   */
  public synchronized int held() {
    return window.size();
  }

  /** Marks the record as running; false if it must not be started, as its ownership has ended. */
  public synchronized boolean begin(ConsumerRecord<?, ?> record) {
    Entry<K, V> entry = find(record);
    if (revoked || entry == null) {
      return false;
    }
    if (!entry.running) {
      entry.running = true;
      running++;
    }
    return true;
  }

  /**
   * Marks the record as settled; false if it belongs to another ownership, or is settled already.
   */
  public synchronized boolean settle(ConsumerRecord<?, ?> record) {
    Entry<K, V> entry = find(record);
    if (entry == null) {
      return false;
    }
    stop(entry);
    entry.record = null;
    for (Entry<K, V> first; (first = window.first()) != null && first.record == null; ) {
      position = first.offset + 1;
      window.removeFirst();
    }
    return true;
  }

  /** Marks the record as not running any more, and not settled either. */
  public synchronized void abandon(ConsumerRecord<?, ?> record) {
    Entry<K, V> entry = find(record);
    if (entry != null) {
      stop(entry);
    }
  }

  private void stop(Entry<K, V> entry) {
    if (entry.running) {
      entry.running = false;
      running--;
      notifyAll();
    }
  }

  private @Nullable Entry<K, V> find(ConsumerRecord<?, ?> record) {
    Entry<K, V> entry = window.find(record.offset());
    return entry != null && entry.record == record ? entry : null;
  }

  /** From now on nothing is started; what is buffered is forgotten (it will be polled again). */
  public synchronized void revoke() {
    revoked = true;
    buffered.clear();
  }

  /** Waits until nothing runs, {@code timeout} at the most; whether that is so. */
  public synchronized boolean awaitIdle(Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    for (long left; running > 0; ) {
      if ((left = deadline - System.nanoTime()) <= 0) {
        return false;
      }
      wait(left / 1_000_000, (int) (left % 1_000_000));
    }
    return true;
  }

  /**
   * The offset to commit: the one after the last that is settled with all before it; -1 for none.
   */
  public synchronized long toCommit() {
    return position > committed ? position : -1;
  }

  /** The offset has been committed. */
  public synchronized void committed(long offset) {
    committed = Math.max(committed, offset);
  }

  /** Says where it stands. */
  @Override
  public synchronized String toString() {
    return "%s[%d buffered, %d running, %d not settled, position %d, committed %d%s]"
        .formatted(
            Objects.requireNonNull(name),
            buffered.size(),
            running,
            window.size(),
            position,
            committed,
            revoked ? ", revoked" : "");
  }
}
