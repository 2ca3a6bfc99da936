package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.Front;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.internal.serde.Deserialization;
import dev.millrace.kafka.internal.serde.UnreadableException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
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
  private final Window<Delivery<K, V>> window = new Window<>();
  private final Lanes<K, V> lanes;
  private final Commits<K, V> commits = new Commits<>(this, window);
  private PartitionObserver observer = PartitionObserver.NONE;
  private volatile @Nullable Partition<K, V> before;
  private int running;
  private long bytes;
  private boolean revoked;
  private boolean crowded;
  private final LogEnds ends = new LogEnds();
  private long heldSince;
  private long frontSince = System.nanoTime();
  private volatile boolean held;

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
    this.lanes = new Lanes<>(ordering);
    this.gate = new DeserializerGate<>(deserialization, onReady);
    this.onReady = onReady;
  }

  /** Sets the observer of the records. To be called before there are records. */
  public void observe(PartitionObserver who) {
    observer = who;
  }

  /** Receives the events of the records. */
  public PartitionObserver observer() {
    return observer;
  }

  /** Makes this ownership hand out nothing while handlers of the earlier one run. */
  public synchronized void after(@Nullable Partition<K, V> earlier) {
    before = earlier;
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
    heldSince = System.nanoTime();
    held = true;
  }

  /** Whether the position to start at is not known yet. */
  public boolean isHeld() {
    return held;
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
    long now = System.nanoTime();
    if (window.size() == 0) {
      frontSince = now;
    }
    for (ConsumerRecord<byte[], byte[]> record : records) {
      long offset = record.offset();
      if (commits.isSettledBefore(offset)) {
        window.addSettled(offset);
      } else {
        var delivery = new Delivery<>(this, record);
        delivery.unreadable = failure;
        delivery.polled = now;
        delivery.number = window.add(offset, delivery);
        bytes += delivery.bytes();
        lanes.add(delivery);
      }
    }
    commits.polled(position);
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
    if (before != null) {
      if (!before.isIdle()) {
        return null;
      }
      before = null;
    }
    return gate.isClosed() ? null : lanes.take();
  }

  /**
   * Takes the next message and begins it. For a thread that will take another message of this
   * partition after settling this one. That thread gets no signal for the next message.
   */
  public synchronized @Nullable Delivery<K, V> takeToHandle() {
    Delivery<K, V> delivery = take();
    if (delivery != null) {
      delivery.takesNext = true;
      delivery.leavesReady = lanes.hasReady();
      delivery.running = true;
      running++;
    }
    return delivery;
  }

  /** Whether {@link #take} would find a message. Takes no lock, because many threads ask often. */
  public boolean hasReady() {
    Partition<K, V> earlier = before;
    return lanes.hasReady() && !gate.isClosed() && (earlier == null || earlier.isIdle());
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
    Outputs outputs = commits.outputs();
    long next = commits.next();
    return crowded
        || lanes.backlog() >= backlog
        || Math.max(window.size(), outputs.size()) >= lookAhead
        || bytes + outputs.bytes() >= lookAheadBytes
        || (outputs.held() != null && next - frontOr(next) >= lookAhead);
  }

  /** Sets whether the metadata of a commit is too small for the records settled beyond it. */
  public synchronized void crowded(boolean is) {
    crowded = is;
  }

  synchronized boolean begin(Delivery<K, V> delivery) {
    if (revoked || !window.holds(delivery.number, delivery)) {
      return false;
    }
    delivery.takesNext = false; // the thread that begins it later may take from another partition
    if (!delivery.running) {
      delivery.running = true;
      running++;
    }
    return true;
  }

  void settle(Delivery<K, V> delivery, @Nullable Produced produced) {
    boolean wake;
    boolean settled;
    long now = System.nanoTime();
    synchronized (this) {
      wake = stop(delivery);
      long first = window.first();
      settled = window.settle(delivery.number);
      if (settled) {
        if (window.first() != first) {
          frontSince = now;
        }
        commits.settled(produced);
        bytes -= delivery.bytes();
        wake |= !revoked && lanes.settled(delivery) && !delivery.takesNext;
      }
    }
    if (wake) {
      onReady.run();
    }
    if (settled) {
      observer.settled(now - delivery.polled);
    }
  }

  /**
   * Lets the records begin that wait for this one. This record stays in the window, so no commit
   * passes it.
   */
  void leaveLane(Delivery<K, V> delivery) {
    boolean wake;
    synchronized (this) {
      wake = !revoked && window.holds(delivery.number, delivery) && lanes.settled(delivery);
    }
    if (wake) {
      onReady.run();
    }
  }

  void abandon(Delivery<K, V> delivery) {
    boolean wake;
    synchronized (this) {
      wake = stop(delivery);
    }
    if (wake) {
      onReady.run();
    }
  }

  void giveBack(Delivery<K, V> delivery) {
    boolean wake;
    synchronized (this) {
      wake = stop(delivery);
      if (!revoked && delivery.taken && window.holds(delivery.number, delivery)) {
        lanes.giveBack(delivery);
        wake = true;
      }
    }
    if (wake) {
      onReady.run();
    }
  }

  /** Ends the run of the record. Returns whether a later ownership may have waited for it. */
  private boolean stop(Delivery<K, V> delivery) {
    if (delivery.running) {
      delivery.running = false;
      running--;
      notifyAll();
    }
    return revoked && running == 0;
  }

  /**
   * Revokes the partition: no more records start, and waiting records are dropped. They will be
   * redelivered.
   */
  public synchronized void revoke() {
    revoked = true;
    lanes.clear();
  }

  /**
   * Drops the records that do not run. To be called after {@link #revoke} and the last commit,
   * because a stuck handler or the next ownership may reference this object for a long time.
   */
  public synchronized void forget() {
    window.forgetIf(delivery -> !delivery.running);
    Partition<K, V> earlier = before;
    if (earlier != null && earlier.isIdle()) {
      before = null;
    }
  }

  /** Whether no record runs, of this and of earlier ownerships. */
  public synchronized boolean isIdle() {
    return running == 0 && (before == null || before.isIdle());
  }

  /** Waits until no record runs, at most for the timeout. Returns whether none runs. */
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

  /** The first record that is unsettled, or whose outputs wait; null if there is none. */
  public synchronized @Nullable Front front() {
    Outputs.Held held = commits.outputs().held();
    if (held != null && !revoked) {
      return new Front(name, held.offset(), held.age(), held.reason());
    }
    if (window.size() == 0 || revoked) {
      return revoked ? null : frontOfNothing();
    }
    Delivery<K, V> first = window.firstValue();
    Delivery<K, V> late = gate.late();
    String why =
        before != null
            ? "it waits for handlers of the previous assignment of this partition"
            : late != null
                ? "the deserializer of %s has not returned".formatted(late)
                : first.why();
    return new Front(name, window.offset(0), Duration.ofNanos(System.nanoTime() - frontSince), why);
  }

  /**
   * The reason why nothing is polled although there may be records; null if there is no such
   * reason.
   */
  private @Nullable Front frontOfNothing() {
    if (held) {
      String why = "its start position is not known yet: its leader may be away";
      return new Front(name, Math.max(0, position()), since(heldSince), why);
    }
    return behindTransaction();
  }

  /**
   * The first offset that an open transaction hides, if all records before it are handled; null
   * otherwise.
   */
  public synchronized @Nullable Front behindTransaction() {
    boolean isNext = !held && !revoked && window.size() == 0 && position() == ends.stableEnd();
    if (!isNext || ends.withheld(position()) == 0) {
      return null;
    }
    String why =
        "a transaction is open, and hides %d offsets from here on: end the producer that hangs, or abort its transaction (kafka-transactions.sh)"
            .formatted(ends.withheld(position()));
    return new Front(name, ends.stableEnd(), ends.hiddenFor(), why);
  }

  private static Duration since(long nanoTime) {
    return Duration.ofNanos(System.nanoTime() - nanoTime);
  }

  /** The offset of the {@link #front}; the given one if there is none. */
  private long frontOr(long none) {
    Outputs.Held held = commits.outputs().held();
    return held != null ? held.offset() : window.size() > 0 ? window.offset(0) : none;
  }

  /** Whether an end of the log is known. */
  public synchronized boolean knowsEnd() {
    return ends.areKnown();
  }

  /** Sets the end of the log, from a fetch. It can fall, because logs can be truncated. */
  public synchronized void fetchedEnd(long log) {
    ends.fetched(log);
  }

  /**
   * Sets the end of the log and the end of its readable part, from an answer of the brokers. An
   * open transaction hides the rest.
   */
  public synchronized void ends(long log, long stable) {
    ends.told(log, stable);
  }

  /**
   * The progress.
   *
   * @param paused whether the partition is paused now
   */
  public synchronized PartitionStatus status(boolean paused) {
    long from = frontOr(position());
    OptionalLong lag =
        ends.areKnown()
            ? OptionalLong.of(Math.max(ends.end(), commits.next()) - from)
            : OptionalLong.empty();
    return new PartitionStatus(
        name, lag, running, lanes.size(), paused, front(), ends.withheld(position()));
  }

  /** Tells the progress. */
  @Override
  public synchronized String toString() {
    return "%s[%d waiting, %d running, %d held, next %d, committed %d%s]"
        .formatted(
            name,
            lanes.size(),
            running,
            window.size(),
            commits.next(),
            commits.committedOffset(),
            revoked ? ", revoked" : "");
  }
}
