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
 * One partition during one ownership: what was polled, what runs, what is settled, and up to where
 * it may be committed.
 *
 * <p>A new object is made each time the partition is assigned, so it is the epoch as well: a
 * message knows the object that it belongs to, and one of an earlier ownership settles nothing
 * here. Safe for use by many threads.
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
   * The partition, from now on.
   *
   * @param onReady is called when {@link #take} may have become possible; must not block
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

  /** Who is told what becomes of the records; to be said before there are any. */
  public void observe(PartitionObserver who) {
    observer = who;
  }

  /** Who is told what becomes of the records. */
  public PartitionObserver observer() {
    return observer;
  }

  /** Starts nothing while something of an earlier ownership runs. */
  public synchronized void after(@Nullable Partition<K, V> earlier) {
    before = earlier;
  }

  /** What an earlier owner has committed; what it has settled beyond is not handled again. */
  public synchronized void resume(long offset, OffsetRanges ahead) {
    commits.resume(offset, ahead);
  }

  /** Nothing is polled until it is known where to begin: see {@link #start}. */
  public synchronized void hold() {
    heldSince = System.nanoTime();
    held = true;
  }

  /** Whether it is not known where to begin. */
  public boolean isHeld() {
    return held;
  }

  /**
   * Begins, or goes on, at that position; one that is not committed is to be committed soon, before
   * anything can move it.
   */
  public synchronized void start(Start start) {
    held = false;
    commits.start(start);
  }

  /** Whether the position where it began is neither committed nor on its way. */
  public synchronized boolean startIsUncommitted() {
    return commits.startIsUncommitted() && !revoked;
  }

  /** The offset that is expected next. */
  public synchronized long position() {
    return commits.position();
  }

  /** Tells what may be committed. */
  public Commits<K, V> commits() {
    return commits;
  }

  /** Which partition it is. */
  public TopicPartition name() {
    return name;
  }

  /** Lets one thread at a time deserialize records. */
  DeserializerGate<K, V> gate() {
    return gate;
  }

  /**
   * Whether records from that offset on would go back behind those that were added or committed.
   */
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
   * @param position the offset that will be polled next, and the leader epoch of what is before it
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

  /** Adds a record that was not polled, as it cannot be read: what handles it meets the failure. */
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
   * Takes the next message and begins it, for a thread that will take another of this partition
   * when it has settled it: it is not told then that one has become ready.
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

  /** Whether {@link #take} would find a message; takes no lock, as many ask often. */
  public boolean hasReady() {
    Partition<K, V> earlier = before;
    return lanes.hasReady() && !gate.isClosed() && (earlier == null || earlier.isIdle());
  }

  synchronized @Nullable Delivery<K, V> takeAfter(Delivery<K, V> delivery) {
    return revoked || gate.isClosed() ? null : lanes.takeAfter(delivery);
  }

  /**
   * Whether it should not be polled for now.
   *
   * @param backlog how many records that could be handed out are enough
   * @param lookAhead how many records may be held from the first one that is not settled on
   * @param lookAheadBytes how many bytes those of them that are not settled may have
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

  /** Says whether more is settled beyond the commit than a commit can tell. */
  public synchronized void crowded(boolean is) {
    crowded = is;
  }

  synchronized boolean begin(Delivery<K, V> delivery) {
    if (revoked || !window.holds(delivery.number, delivery)) {
      return false;
    }
    delivery.takesNext = false; // who begins it later may be at another partition
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

  /** Lets those begin that wait for it; it stays where it is, and no commit passes it. */
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

  /** Whether a later ownership may wait for it. */
  private boolean stop(Delivery<K, V> delivery) {
    if (delivery.running) {
      delivery.running = false;
      running--;
      notifyAll();
    }
    return revoked && running == 0;
  }

  /** From now on nothing is started; what is held is forgotten (it will be polled again). */
  public synchronized void revoke() {
    revoked = true;
    lanes.clear();
  }

  /**
   * After {@link #revoke}, and the last commit: forgets the records that do not run, since this
   * object may be known for long, by a handler that hangs or by its next ownership.
   */
  public synchronized void forget() {
    window.forgetIf(delivery -> !delivery.running);
    Partition<K, V> earlier = before;
    if (earlier != null && earlier.isIdle()) {
      before = null;
    }
  }

  /** Whether nothing runs, of earlier ownerships neither. */
  public synchronized boolean isIdle() {
    return running == 0 && (before == null || before.isIdle());
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

  /** The first record that is not settled, or whose outputs wait; null if there is none. */
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
            ? "it waits for what runs of an earlier ownership"
            : late != null
                ? "the deserializer of %s has not returned".formatted(late)
                : first.why();
    return new Front(name, window.offset(0), Duration.ofNanos(System.nanoTime() - frontSince), why);
  }

  /** Why nothing is polled though there may be records; null if there are none. */
  private @Nullable Front frontOfNothing() {
    if (held) {
      String why = "nobody has told yet where it begins: its leader may be away";
      return new Front(name, Math.max(0, position()), since(heldSince), why);
    }
    return behindTransaction();
  }

  /** The first offset that an open transaction hides, if nothing before it is left to handle. */
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

  /** The offset of the {@link #front}; that one if there is none. */
  private long frontOr(long none) {
    Outputs.Held held = commits.outputs().held();
    return held != null ? held.offset() : window.size() > 0 ? window.offset(0) : none;
  }

  /** Whether an end of its log is known. */
  public synchronized boolean knowsEnd() {
    return ends.areKnown();
  }

  /** The end of its log, as the consumer knows it from a fetch. It can fall: logs are cut. */
  public synchronized void fetchedEnd(long log) {
    ends.fetched(log);
  }

  /**
   * The end of its log, and the end of the part that can be read, as the brokers tell them. An open
   * transaction hides the rest.
   */
  public synchronized void ends(long log, long stable) {
    ends.told(log, stable);
  }

  /**
   * How far it is.
   *
   * @param paused whether it is not polled now
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

  /** Says where it stands. */
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
