package dev.millrace.kafka.internal;

import dev.millrace.kafka.Message;
import dev.millrace.kafka.PartitionObserver;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A record during one ownership of its partition. The package-private fields belong to the
 * partition, under its lock.
 */
public final class Delivery<K, V> implements Message<K, V> {

  private final Partition<K, V> partition;
  private final ConsumerRecord<byte[], byte[]> raw;
  private volatile @Nullable ConsumerRecord<K, V> record;

  /** Its number in the window. */
  long number;

  /** When it was polled, by {@link System#nanoTime}. */
  long polled;

  /** What orders it; null if nothing does. */
  @Nullable Object lane;

  /** The one that waits for it. */
  @Nullable Delivery<K, V> next;

  boolean running;

  /** Whether who settles it takes another one, and need not be told that there is one. */
  boolean takesNext;

  /** Whether another one was ready when it was taken. */
  boolean leavesReady;

  private volatile @Nullable Exception failure;

  Delivery(Partition<K, V> partition, ConsumerRecord<byte[], byte[]> raw) {
    this.partition = partition;
    this.raw = raw;
  }

  @Override
  public ConsumerRecord<K, V> record() {
    ConsumerRecord<K, V> known = record;
    if (known == null) {
      known = partition.deserialization().apply(raw);
      record = known;
    }
    return known;
  }

  @Override
  public ConsumerRecord<byte[], byte[]> raw() {
    return raw;
  }

  @Override
  public boolean begin() {
    return partition.begin(this);
  }

  @Override
  public void settle() {
    partition.settle(this);
  }

  @Override
  public void abandon() {
    partition.abandon(this);
  }

  /** Whether another one was ready when it was taken to be handled. */
  public boolean leavesReady() {
    return leavesReady; // written by the thread that has taken it
  }

  /** It has failed, and is to be tried again. */
  void failed(Exception e) {
    failure = e;
  }

  /** What it waits for. */
  String why() {
    Exception known = failure;
    String last = known == null ? "" : "; " + known.getMessage();
    return (running ? "it is being handled" : "it waits for its turn") + last;
  }

  PartitionObserver observer() {
    return partition.observer();
  }

  /** How many bytes its key and its value have. */
  int bytes() {
    return Math.max(0, raw.serializedKeySize()) + Math.max(0, raw.serializedValueSize());
  }

  /** Names the record, but shows nothing of it. */
  @Override
  public String toString() {
    return partition.name() + " at offset " + raw.offset();
  }
}
