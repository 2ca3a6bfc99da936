package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.FailureSpan;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.internal.serde.UnreadableException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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

  private static final VarHandle SETTLED;

  static {
    try {
      SETTLED = MethodHandles.lookup().findVarHandle(Delivery.class, "settled", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Partition<K, V> partition;
  private final ConsumerRecord<byte[], byte[]> raw;
  private final long bytes;
  private volatile @Nullable ConsumerRecord<K, V> record;

  /** The failure of {@link #prepare}, until it was thrown. */
  private volatile @Nullable Throwable refusal;

  /** The number of the record in the window. */
  long number;

  /**
   * When the record was polled, as {@link System#nanoTime}. After it is settled: when it was
   * settled.
   */
  long since;

  /** The key of its lane; null if it has no lane. */
  @Nullable Object lane;

  /** The record before it in its lane, until that record is settled. */
  @Nullable Delivery<K, V> previous;

  /** The record behind it in its lane. */
  @Nullable Delivery<K, V> next;

  /**
   * The failure of an unreadable record; null if the record was polled. Written before the record
   * is handed out.
   */
  @Nullable UnreadableException unreadable;

  /** The record below it on the stack of {@link Books}. */
  @Nullable Delivery<K, V> below;

  /** Whether the record was handed out. */
  boolean taken;

  boolean running;

  /**
   * Whether the thread that settles this record then takes another one, and needs no signal for it.
   */
  boolean takesNext;

  /** Whether another record was ready when this one was taken. */
  boolean leavesReady;

  @SuppressWarnings("UnusedVariable") // read and written by SETTLED
  private boolean settled;

  /** The outputs that the stages of a pipeline have made of it; null if there are none. */
  private volatile @Nullable Attached attached;

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
   * Throws the failure once, in the attempt that follows {@link #prepare}. The next attempt calls
   * the deserializer again.
   */
  private void throwRefusal() {
    Throwable known = refusal;
    refusal = null;
    switch (known) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new AssertionError(known); // nothing else can be stored
    }
  }

  /**
   * Deserializes the record now, unless that was done. Returns whether it succeeds. Throws nothing.
   */
  public boolean prepare() {
    if (!isPrepared()) {
      try {
        record();
      } catch (Throwable e) { // the attempt to handle the record throws it, and follows the policy
        refusal = e;
      }
    }
    return record != null;
  }

  /**
   * Deserializes the record for a thread that is about to handle it, but does not wait long for
   * other records of the partition. Returns whether the record may be handled now. If not, it was
   * given back.
   */
  public boolean prepare(Duration patience) {
    return isPrepared() || partition.gate().prepare(this, patience);
  }

  public boolean isPrepared() {
    return record != null || refusal != null;
  }

  /**
   * The deserializer of the record is slow. Nothing is taken from the partition until it has
   * returned.
   */
  public void isLate() {
    partition.gate().await(this);
  }

  /** The slow deserializer has returned. */
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
    Attached known = attached;
    partition.settle(this, known == null ? null : known.produced(raw));
  }

  /** The outputs that the stages of a pipeline have made of it. */
  public synchronized Attached attached() {
    Attached known = attached;
    if (known == null) {
      known = new Attached();
      attached = known;
    }
    return known;
  }

  /** The partition, in the ownership that the record belongs to. */
  public Partition<K, V> partition() {
    return partition;
  }

  /** Settles the record. The outputs will be committed with it. */
  public void settle(List<ProducerRecord<byte[], byte[]>> produced, @Nullable DeadLetter letter) {
    partition.settle(this, produced.isEmpty() ? null : new Produced(raw, produced, letter));
  }

  /** Settles the record; false if it was settled, or forgotten, already. Takes no lock. */
  boolean markSettled() {
    return SETTLED.compareAndSet(this, false, true);
  }

  /** Whether the record is settled, or forgotten. */
  boolean isSettled() {
    return (boolean) SETTLED.getVolatile(this);
  }

  @Override
  public void abandon() {
    if (!isSettled()) { // a settled record does not run
      partition.abandon(this);
    }
  }

  /** Whether records of its partition may wait for this one. */
  public boolean hasLane() {
    return lane != null; // written before the record is handed out
  }

  /** Whether the partition was revoked since the record was polled. Takes no lock. */
  public boolean isRevoked() {
    return partition.isRevoked();
  }

  /** Whether another record was ready when this one was taken to be handled. */
  public boolean leavesReady() {
    return leavesReady; // written by the thread that has taken it
  }

  /** Gives the record back. It will be handed out again, before the records that wait for it. */
  public void giveBack() {
    partition.giveBack(this);
  }

  /** Makes the record be handled alone from now on, because it makes batches fail. */
  public void setAlone() {
    alone = true;
  }

  /** Whether the record must be handled alone. */
  public boolean isAlone() {
    return alone;
  }

  /** Takes the record behind it in its lane, to be handled with it; null if there is none now. */
  public @Nullable Delivery<K, V> takeNext() {
    return partition.takeAfter(this);
  }

  /** The dead letter is being sent: the records that wait for this one may begin. */
  public void leaveLane() {
    partition.leaveLane(this);
  }

  /** The span of the last failed attempt; null if it is not known. */
  public @Nullable String span() {
    ConsumerRecord<K, V> known = record;
    return known == null ? null : FailureSpan.of(known);
  }

  /**
   * The stage to report for a failure: the given one, or another if the record could not even be
   * read.
   */
  public String stageOr(String stage) {
    return unreadable == null ? stage : DeadLetter.FETCH;
  }

  /** The record has failed, and will be tried again. */
  public void failed(Exception e) {
    failure = e;
  }

  /** Why the record is not settled yet. */
  String why() {
    Exception known = failure;
    if (known == null) {
      return running ? "it is being handled" : "it waits for its turn";
    }
    String what = running ? "it is being handled" : "it waits for its next attempt";
    return what + "; " + known.getMessage();
  }

  /** Receives the events of this record. */
  public PartitionObserver observer() {
    return partition.observer();
  }

  /** The bytes of heap that the record holds, as {@link RecordSize} estimates them. */
  public long bytes() {
    return bytes;
  }

  /** Names the record, without its content. */
  @Override
  public String toString() {
    return partition.name() + " at offset " + raw.offset();
  }
}
