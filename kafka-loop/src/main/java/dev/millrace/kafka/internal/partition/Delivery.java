package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.FailureSpan;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.internal.serde.UnreadableException;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A record during one ownership of its partition. The package-private fields belong to the
 * partition, under its lock.
 */
public final class Delivery<K, V> implements Message<K, V> {

  private final Partition<K, V> partition;
  private final ConsumerRecord<byte[], byte[]> raw;
  private final long bytes;
  private volatile @Nullable ConsumerRecord<K, V> record;

  /** Why {@link #prepare} had no record, until that was thrown. */
  private volatile @Nullable Throwable refusal;

  /** Its number in the window. */
  long number;

  /** When it was polled, by {@link System#nanoTime}. */
  long polled;

  /** What orders it; null if nothing does. */
  @Nullable Object lane;

  /** The one that it waits for, until that is settled. */
  @Nullable Delivery<K, V> previous;

  /** The one that waits for it. */
  @Nullable Delivery<K, V> next;

  /** Why it cannot be read; null if it was polled. Written before it is handed out. */
  @Nullable UnreadableException unreadable;

  /** Whether it was handed out. */
  boolean taken;

  boolean running;

  /** Whether who settles it takes another one, and need not be told that there is one. */
  boolean takesNext;

  /** Whether another one was ready when it was taken. */
  boolean leavesReady;

  private volatile boolean alone;
  private volatile @Nullable Exception failure;

  Delivery(Partition<K, V> partition, ConsumerRecord<byte[], byte[]> raw) {
    this.partition = partition;
    this.raw = raw;
    this.bytes = RecordSize.of(raw.key(), raw.value(), raw.headers());
  }

  @Override
  public ConsumerRecord<K, V> record() {
    ConsumerRecord<K, V> known = record;
    if (known == null) {
      if (unreadable != null) {
        throw unreadable;
      }
      throwRefusal();
      known = partition.gate().deserialize(raw);
      record = known;
    }
    return known;
  }

  /**
   * Once, for the attempt that follows {@link #prepare}: the next one asks the deserializer again.
   */
  private void throwRefusal() {
    Throwable known = refusal;
    refusal = null;
    switch (known) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new AssertionError(known); // nothing else is thrown
    }
  }

  /** Deserializes it now, if that was not done; whether it succeeds. Throws nothing. */
  public boolean prepare() {
    if (!isPrepared()) {
      try {
        record();
      } catch (Throwable e) { // the attempt to handle it meets it, and knows what to do
        refusal = e;
      }
    }
    return record != null;
  }

  /**
   * Deserializes it, for a thread that is about to handle it, but does not wait long for other
   * records of the partition. If not, it was given back. Whether it may be handled now.
   */
  public boolean prepare(Duration patience) {
    return isPrepared() || partition.gate().prepare(this, patience);
  }

  public boolean isPrepared() {
    return record != null || refusal != null;
  }

  /** Its deserializer is slow: nothing is taken of its partition until that has returned. */
  public void isLate() {
    partition.gate().await(this);
  }

  /** Its deserializer has returned at last. */
  public void returned() {
    partition.gate().returned(this);
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
    partition.settle(this, null);
  }

  /** Settles it; what was produced for it is to be committed with it. */
  public void settle(List<ProducerRecord<byte[], byte[]>> produced, @Nullable DeadLetter letter) {
    partition.settle(this, produced.isEmpty() ? null : new Produced(raw, produced, letter));
  }

  @Override
  public void abandon() {
    partition.abandon(this);
  }

  /** Whether another one was ready when it was taken to be handled. */
  public boolean leavesReady() {
    return leavesReady; // written by the thread that has taken it
  }

  /** It will be handed out again, before those that wait for it. */
  public void giveBack() {
    partition.giveBack(this);
  }

  /** From now on it is handled by itself: it spoils batches. */
  public void setAlone() {
    alone = true;
  }

  /** Whether it is to be handled by itself. */
  public boolean isAlone() {
    return alone;
  }

  /** The one that waits for it, to be handled with it; null if there is none now. */
  public @Nullable Delivery<K, V> takeNext() {
    return partition.takeAfter(this);
  }

  /** Its dead letter is on its way: those that wait for it need not any more. */
  public void leaveLane() {
    partition.leaveLane(this);
  }

  /** In which span its last attempt failed; null if that is not known. */
  public @Nullable String span() {
    ConsumerRecord<K, V> known = record;
    return known == null ? null : FailureSpan.of(known);
  }

  /** What fails at it when it fails: the given stage, or another if it could not even be read. */
  public String stageOr(String stage) {
    return unreadable == null ? stage : DeadLetter.FETCH;
  }

  /** It has failed, and is to be tried again. */
  public void failed(Exception e) {
    failure = e;
  }

  /** What it waits for. */
  String why() {
    Exception known = failure;
    if (known == null) {
      return running ? "it is being handled" : "it waits for its turn";
    }
    String what = running ? "it is being handled" : "it waits for its next attempt";
    return what + "; " + known.getMessage();
  }

  /** Who is told what becomes of it. */
  public PartitionObserver observer() {
    return partition.observer();
  }

  /** How many bytes of the heap it holds, as {@link RecordSize} estimates. */
  long bytes() {
    return bytes;
  }

  /** Names the record, but shows nothing of it. */
  @Override
  public String toString() {
    return partition.name() + " at offset " + raw.offset();
  }
}
