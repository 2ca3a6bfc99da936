package dev.millrace.kafka.internal.partition;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.internal.offsets.OffsetRanges;
import dev.millrace.kafka.internal.serde.Deserialization;
import dev.millrace.kafka.internal.serde.UnreadableException;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One partition during one ownership: its polled, running and settled records.
 *
 * <p>Each assignment of the partition creates a new object, so the object is the epoch, too. A
 * message knows its object, and a message of an earlier ownership settles nothing here.
 * Thread-safe.
 */
public final class Partition<K, V> {

  private final TopicPartition name;
  private final DeserializerGate<K, V> gate;
  private final Runnable onReady;
  private final Books<K, V> books = new Books<>();
  private final Lanes<K, V> lanes;
  private final Commits<K, V> commits = new Commits<>(this, books);
  private final Progress<K, V> progress;
  private PartitionObserver observer = PartitionObserver.NONE;
  private Predicate<? super ConsumerRecord<byte[], byte[]>> skips = record -> false;
  private volatile List<Partition<K, V>> before = List.of();
  private volatile boolean revoked; // written under the lock
  private boolean crowded;
  private long heldSince;
  private volatile boolean held;
  private volatile boolean released;

  /**
   * A partition that was assigned now.
   *
   * @param onReady called when {@link #take} may have become possible; must not block
   */
  public Partition(
      TopicPartition name,
      Ordering ordering,
      Deserialization<K, V> deserialization,
      Runnable onReady) {
    this.name = name;
    this.progress = new Progress<>(name, this, books);
    this.lanes = new Lanes<>(ordering);
    this.gate = new DeserializerGate<>(deserialization, onReady);
    this.onReady = onReady;
  }

  /** Sets the observer of the records. To be called before there are records. */
  public void observe(PartitionObserver who) {
    observer = who;
  }

  /** Selects records that are settled without being handled. To be called before {@link #add}. */
  public void skipIf(Predicate<? super ConsumerRecord<byte[], byte[]>> rule) {
    skips = rule;
  }

  /** Receives the events of the records. */
  public PartitionObserver observer() {
    return observer;
  }

  /** Makes this ownership hand out nothing while handlers of the earlier one run. */
  public void after(@Nullable Partition<K, V> earlier) {
    after(earlier == null ? List.of() : List.of(earlier));
  }

  /** Makes this ownership hand out nothing while handlers of these earlier ones run. */
  public synchronized void after(List<Partition<K, V>> earlier) {
    before = List.copyOf(earlier);
  }

  /** Whether handlers of an earlier ownership may still run. Guarded by this. */
  boolean followsEarlier() {
    return !before.isEmpty();
  }

  private static boolean areIdle(List<? extends Partition<?, ?>> partitions) {
    for (Partition<?, ?> partition : partitions) {
      if (!partition.isIdle()) {
        return false;
      }
    }
    return true;
  }

  /**
   * Sets the commit of an earlier owner. Records that it has settled beyond the commit are not
   * handled again.
   */
  public synchronized void resume(long offset, OffsetRanges ahead) {
    commits.resume(offset, ahead);
  }

  /** Holds the partition: nothing is polled before {@link #start} sets the position. */
  public synchronized void hold() {
    heldSince = Time.nanoTime();
    held = true;
  }

  /** Whether the position to start at is not known yet. */
  public boolean isHeld() {
    return held;
  }

  /** When the partition was last held, as {@link System#nanoTime}. Guarded by this. */
  long heldSince() {
    return heldSince;
  }

  /**
   * Starts, or continues, at a position. An uncommitted position is committed soon, before anything
   * can move it.
   */
  public synchronized void start(Start start) {
    held = false;
    commits.start(start);
  }

  /** Whether the start position is not committed yet. */
  public synchronized boolean startIsUncommitted() {
    return commits.startIsUncommitted() && !revoked;
  }

  /** The offset that is expected in the next poll. */
  public synchronized long position() {
    return commits.position();
  }

  /** The commits of this partition. */
  public Commits<K, V> commits() {
    return commits;
  }

  /** How far the records are handled, and why they are not handled further. */
  public Progress<K, V> progress() {
    return progress;
  }

  /** The name of the partition. */
  public TopicPartition name() {
    return name;
  }

  /** Lets one thread at a time deserialize records. */
  DeserializerGate<K, V> gate() {
    return gate;
  }

  /** Whether records from this offset on would repeat offsets that were added or committed. */
  public synchronized boolean wouldGoBack(long offset) {
    return offset < commits.position();
  }

  /**
   * Adds records that were polled, in the order of their offsets.
   *
   * @param position the offset that will be polled next
   */
  public synchronized void add(List<ConsumerRecord<byte[], byte[]>> records, long position) {
    add(records, new OffsetAndMetadata(position));
  }

  /**
   * The same.
   *
   * @param position the offset that will be polled next, and the leader epoch of the record before
   *     it
   */
  public synchronized void add(
      List<ConsumerRecord<byte[], byte[]>> records, OffsetAndMetadata position) {
    add(records, position, null);
  }

  private void add(
      List<ConsumerRecord<byte[], byte[]>> records,
      OffsetAndMetadata position,
      @Nullable UnreadableException failure) {
    if (revoked || held) {
      return;
    }
    books.enterSettled();
    long now = Time.nanoTime();
    int skipped = 0;
    for (ConsumerRecord<byte[], byte[]> record : records) {
      long offset = record.offset();
      if (commits.isSettledBefore(offset)) {
        books.window().addSettled(offset);
      } else if (failure == null && skips.test(record)) {
        books.addSkipped(offset);
        skipped++;
      } else {
        var delivery = new Delivery<>(this, record);
        delivery.unreadable = failure;
        delivery.since = now;
        books.add(offset, delivery);
        lanes.add(delivery);
      }
    }
    commits.polled(position);
    if (skipped > 0) {
      observer.skipped(skipped);
    }
  }

  /** Adds an unreadable record, which was not polled. Handling it fails with this failure. */
  @SuppressWarnings("NullAway") // Kafka's type does not say that key and value may be null
  public synchronized void addUnreadable(long offset, UnreadableException failure) {
    var nothing =
        new ConsumerRecord<byte[], byte[]>(name.topic(), name.partition(), offset, null, null);
    add(List.of(nothing), new OffsetAndMetadata(offset + 1, commits.nextEpoch(), ""), failure);
  }

  /** Takes the next message that is ready; null if there is none now. */
  public synchronized @Nullable Delivery<K, V> take() {
    if (!before.isEmpty()) {
      if (!areIdle(before)) {
        return null;
      }
      before = List.of();
    }
    return gate.isClosed() ? null : lanes.take();
  }

  /**
   * Takes the next message and begins it. For a thread that will take another message of this
   * partition after settling this one. That thread gets no signal for the next message.
   */
  public @Nullable Delivery<K, V> takeToHandle() {
    return hasReady() ? takeAndStart() : null; // a thread that finds nothing takes no lock
  }

  /**
   * The same, for some messages. Each thread that handles one of them will take another message of
   * this partition.
   *
   * @param most the largest number of messages
   * @return the number of messages
   */
  public synchronized int takeToHandle(int most, Consumer<? super Delivery<K, V>> taker) {
    int taken = 0;
    for (Delivery<K, V> one; taken < most && (one = takeAndStart()) != null; taken++) {
      taker.accept(one);
    }
    return taken;
  }

  private synchronized @Nullable Delivery<K, V> takeAndStart() {
    Delivery<K, V> delivery = take();
    if (delivery != null) {
      delivery.takesNext = true;
      delivery.leavesReady = lanes.hasReady();
      books.start(delivery);
    }
    return delivery;
  }

  /** Whether {@link #take} would find a message. Takes no lock, because many threads ask often. */
  public boolean hasReady() {
    return lanes.hasReady() && !gate.isClosed() && areIdle(before);
  }

  synchronized @Nullable Delivery<K, V> takeAfter(Delivery<K, V> delivery) {
    return revoked || gate.isClosed() ? null : lanes.takeAfter(delivery);
  }

  /**
   * Whether the partition should pause.
   *
   * @param backlog pause at this number of records that could be handed out
   * @param lookAhead pause at this number of records, from the first unsettled one on
   * @param lookAheadBytes pause at this number of bytes of unsettled records
   */
  public synchronized boolean isFull(int backlog, int lookAhead, long lookAheadBytes) {
    books.enterSettled();
    Outputs outputs = commits.outputs();
    long next = commits.next();
    return crowded
        || lanes.backlog() >= backlog
        || Math.max(books.window().size(), outputs.size()) >= lookAhead
        || books.bytes() + outputs.bytes() >= lookAheadBytes
        || (outputs.held() != null && next - progress.frontOr(next) >= lookAhead);
  }

  /** Sets whether the metadata of a commit is too small for the records settled beyond it. */
  public synchronized void crowded(boolean is) {
    crowded = is;
  }

  synchronized boolean begin(Delivery<K, V> delivery) {
    books.enterSettled();
    if (revoked || !books.holds(delivery)) {
      return false;
    }
    delivery.takesNext = false; // the thread that begins it later may take from another partition
    books.start(delivery);
    return true;
  }

  void settle(Delivery<K, V> delivery, @Nullable Produced produced) {
    if (!delivery.markSettled()) {
      return;
    }
    long now = Time.nanoTime();
    long took = now - delivery.since;
    delivery.since = now;
    if (delivery.lane == null && produced == null) {
      if (books.settleLater(delivery)) {
        wakeIf(this::isOver);
      }
    } else {
      wakeIf(() -> settleNow(delivery, produced));
    }
    observer.settled(took);
  }

  private boolean settleNow(Delivery<K, V> delivery, @Nullable Produced produced) {
    boolean wake = stop(delivery);
    if (books.settle(delivery)) {
      if (produced != null) {
        commits.outputs().put(produced);
      }
      wake |= !revoked && lanes.settled(delivery) && !delivery.takesNext;
    }
    return wake;
  }

  /**
   * Lets the records begin that wait for this one. This record stays in the window, so no commit
   * passes it.
   */
  void leaveLane(Delivery<K, V> delivery) {
    wakeIf(() -> !revoked && books.holds(delivery) && lanes.settled(delivery));
  }

  void abandon(Delivery<K, V> delivery) {
    wakeIf(() -> stop(delivery));
  }

  void giveBack(Delivery<K, V> delivery) {
    wakeIf(
        () -> {
          boolean wake = stop(delivery);
          if (!revoked && delivery.taken && books.holds(delivery)) {
            lanes.giveBack(delivery);
            wake = true;
          }
          return wake;
        });
  }

  /** Changes something under the lock. The action returns whether {@link #take} may be possible. */
  private void wakeIf(BooleanSupplier action) {
    boolean wake;
    synchronized (this) {
      books.enterSettled();
      wake = action.getAsBoolean();
    }
    if (wake) {
      onReady.run();
    }
  }

  /** Ends the run of the record. Returns whether a later ownership may have waited for it. */
  private boolean stop(Delivery<K, V> delivery) {
    boolean _ = books.stop(delivery);
    return isOver();
  }

  /** Whether a later ownership may begin. Wakes the threads that wait until no record runs. */
  private boolean isOver() {
    if (books.running() > 0) {
      return false;
    }
    notifyAll();
    return revoked;
  }

  /**
   * Revokes the partition: no more records start, and waiting records are dropped. They will be
   * redelivered.
   */
  public synchronized void revoke() {
    books.watch();
    revoked = true;
    lanes.clear();
  }

  /** Whether {@link #revoke} was called. Takes no lock. */
  boolean isRevoked() {
    return revoked;
  }

  /**
   * Drops the records that do not run. To be called after {@link #revoke} and the last commit,
   * because a stuck handler or the next ownership may reference this object for a long time.
   */
  public synchronized void forget() {
    released = true;
    books.enterSettled();
    books.forget();
    if (areIdle(before)) {
      before = List.of();
    }
  }

  /** Whether this ownership is over: nothing of it will be committed. */
  public boolean isReleased() {
    return released;
  }

  /** Whether no record runs, of this and of earlier ownerships. */
  public synchronized boolean isIdle() {
    books.enterSettled();
    return books.running() == 0 && areIdle(before);
  }

  /** Waits until no record runs, at most for the timeout. Returns whether none runs. */
  public synchronized boolean awaitIdle(Duration timeout) throws InterruptedException {
    books.watch();
    long deadline = Time.nanoTime() + timeout.toNanos();
    for (long left; books.running() > 0; ) {
      if ((left = deadline - Time.nanoTime()) <= 0) {
        return false;
      }
      Time.wait(this, left);
    }
    return true;
  }

  /** The records that were not handed out. Guarded by this. */
  Lanes<K, V> lanes() {
    return lanes;
  }

  @Override
  public synchronized String toString() {
    books.enterSettled();
    return "%s[%d waiting, %d running, %d held, next %d, committed %d%s]"
        .formatted(
            name,
            lanes.size(),
            books.running(),
            books.window().size(),
            commits.next(),
            commits.committedOffset(),
            revoked ? ", revoked" : "");
  }
}
