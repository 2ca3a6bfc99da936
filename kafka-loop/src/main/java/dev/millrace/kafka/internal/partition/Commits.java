package dev.millrace.kafka.internal.partition;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.internal.cluster.Origin;
import dev.millrace.kafka.internal.offsets.OffsetRanges;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The commits of a partition during one ownership: the committed offset, and the next commit.
 * Thread-safe: the lock of the partition guards all fields.
 */
/*
 * The next commit has the offset of the first record in the window, which is the first unsettled
 * record. If the window is empty, it has the offset that will be polled next. Both offsets skip the
 * gaps that compaction and transactions leave.
 */
public final class Commits<K, V> {

  private final Partition<K, V> partition;
  private final Books<K, V> books;

  /** The uncommitted outputs of settled records. */
  private final Outputs outputs = new Outputs();

  /** The ranges that an earlier owner has settled beyond its commit. */
  private OffsetRanges settledBefore = OffsetRanges.EMPTY;

  /** The offset that will be polled next; negative until the first poll. */
  private long next = -1;

  private Optional<Integer> nextEpoch = Optional.empty();
  private @Nullable Origin origin;
  private boolean startIsUncommitted;
  private boolean topicIsGone;

  /** The committed offset; negative if no commit is known. */
  private long committed = -1;

  /** The number of settled records at the last commit. */
  private long committedVersion;

  Commits(Partition<K, V> partition, Books<K, V> books) {
    this.partition = partition;
    this.books = books;
  }

  // Only the partition calls the package-private methods, and holds its lock.

  void resume(long offset, OffsetRanges ahead) {
    committed = offset;
    settledBefore = ahead;
  }

  void start(Start start) {
    origin = start.origin();
    long offset = start.position().offset();
    if (start.isCommitted()) {
      resume(offset, start.ahead());
    } else {
      next = Math.max(next, offset);
      startIsUncommitted = true;
    }
    nextEpoch = start.position().leaderEpoch();
  }

  boolean startIsUncommitted() {
    return startIsUncommitted;
  }

  /** Whether an earlier owner has settled the record at that offset. */
  boolean isSettledBefore(long offset) {
    return settledBefore.contains(offset);
  }

  /** Records up to this position were added. */
  void polled(OffsetAndMetadata position) {
    if (position.offset() >= next) {
      next = position.offset();
      nextEpoch = position.leaderEpoch();
    }
    if (settledBefore.endsBefore(next)) {
      settledBefore = OffsetRanges.EMPTY;
    }
  }

  Outputs outputs() {
    return outputs;
  }

  /** The offset that will be polled next; negative until the first poll. */
  long next() {
    return next;
  }

  Optional<Integer> nextEpoch() {
    return nextEpoch;
  }

  /** The committed offset; negative if no commit is known. */
  long committedOffset() {
    return committed;
  }

  /** The offset that is expected in the next poll. */
  long position() {
    return Math.max(next, committed);
  }

  /** Sets whether the topic does not exist at present. While it does not, nothing is committed. */
  public void topicIsGone(boolean is) {
    synchronized (partition) {
      topicIsGone = is;
    }
  }

  /** The topic that its offsets belong to; null if that is not known. */
  public @Nullable Origin origin() {
    synchronized (partition) {
      return origin;
    }
  }

  /** The number of records settled since the last commit. */
  public long uncommitted() {
    synchronized (partition) {
      books.enterSettled();
      return books.settledRecords() - committedVersion;
    }
  }

  /** The next commit; null if everything settled is committed already. */
  public @Nullable Commit<K, V> toCommit() {
    return toCommit(Long.MAX_VALUE);
  }

  /** The next commit, of this offset at most; null if there is nothing to commit. */
  public @Nullable Commit<K, V> toCommit(long limit) {
    synchronized (partition) {
      books.enterSettled();
      Window<Delivery<K, V>> window = books.window();
      long version = books.settledRecords();
      long first = window.size() > 0 ? window.offset(0) : next;
      long position = Math.min(limit, outputs.sendableTo(first));
      if (topicIsGone
          || position < committed
          || (position == committed && version == committedVersion)) {
        return null;
      }
      OffsetRanges ahead = window.settledRanges().then(settledBefore.from(next));
      return new Commit<>(partition, position, epochAt(position), ahead, origin, version);
    }
  }

  /**
   * The leader epoch at the position: the epoch of the record there, or of the records polled last.
   * With this epoch, a broker knows whether the log before the position is still the consumed log.
   */
  private Optional<Integer> epochAt(long position) {
    if (position == next) {
      return nextEpoch;
    }
    Window<Delivery<K, V>> window = books.window();
    return window.size() > 0 && window.offset(0) == position
        ? window.firstValue().raw().leaderEpoch()
        : outputs.epochAt(position);
  }

  /** Whether this offset, or a later one, has been committed. */
  public boolean isCommitted(long offset) {
    synchronized (partition) {
      return offset <= committed;
    }
  }

  /** The uncommitted outputs of the records before this offset, in the order of the records. */
  public List<Produced> producedBefore(long offset) {
    synchronized (partition) {
      return outputs.before(offset);
    }
  }

  /** Replaces the outputs of a record, unless they are committed. */
  public void replace(Produced produced) {
    synchronized (partition) {
      if (!isCommitted(produced.source().offset() + 1)) {
        outputs.put(produced);
      }
    }
  }

  /**
   * Replaces an output of a record, which the broker refuses, by a dead letter of the record,
   * unless they are committed.
   */
  public void bury(
      DeadLetter letter,
      ProducerRecord<byte[], byte[]> burial,
      ProducerRecord<byte[], byte[]> refused) {
    synchronized (partition) {
      Produced produced = outputs.at(letter.record().offset());
      if (produced != null) {
        outputs.put(produced.without(refused, letter, burial));
      }
    }
  }

  /**
   * The offset from which the records must be handled again, if the uncommitted work is to be
   * forgotten.
   */
  public long uncommittedFrom() {
    synchronized (partition) {
      books.enterSettled();
      Window<Delivery<K, V>> window = books.window();
      return committed >= 0
          ? committed
          : Math.min(outputs.first(next), window.size() > 0 ? window.offset(0) : next);
    }
  }

  /** How often these outputs were not accepted. */
  public int attempts(Produced produced) {
    synchronized (partition) {
      return outputs.attempts(produced.source().offset());
    }
  }

  /**
   * These outputs were not accepted. Nothing from their record on is committed before the delay is
   * over.
   */
  public void hold(Produced produced, Duration delay, Exception why) {
    synchronized (partition) {
      outputs.hold(produced.source().offset(), Time.nanoTime() + delay.toNanos(), why);
    }
  }

  /**
   * The offset of the record whose outputs were not accepted, even if its delay is over; the
   * largest offset of all if there is none.
   */
  public long heldFrom() {
    synchronized (partition) {
      Outputs.Held held = outputs.held();
      return held == null ? Long.MAX_VALUE : held.offset();
    }
  }

  /**
   * Whether outputs use half of the limits of {@link Partition#isFull}, so that a commit prevents a
   * pause.
   */
  public boolean holdsMuch(int lookAhead, long lookAheadBytes) {
    synchronized (partition) {
      return outputs.held() == null
          && (outputs.size() > lookAhead / 2 || outputs.bytes() > lookAheadBytes / 2);
    }
  }

  /** The commit has succeeded. */
  public void committed(Commit<K, V> commit) {
    List<DeadLetter> letters;
    synchronized (partition) {
      committed = Math.max(committed, commit.offset());
      startIsUncommitted = false;
      letters = outputs.committed(commit.offset());
      committedVersion = Math.max(committedVersion, commit.version());
    }
    letters.forEach(partition.observer()::deadLettered);
  }
}
