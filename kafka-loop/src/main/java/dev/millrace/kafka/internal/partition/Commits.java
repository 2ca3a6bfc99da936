package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.internal.cluster.Origin;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.jspecify.annotations.Nullable;

/**
 * What can be committed of a partition during one ownership, and what has been. Thread-safe: the
 * lock of the partition guards it.
 */
/*
 * What can be committed is the offset of the first record in the window, which is the first record
 * that is not settled; if the window is empty, the offset that will be polled next. Both pass over
 * the gaps that compaction and transactions leave.
 */
public final class Commits<K, V> {

  private final Partition<K, V> partition;
  private final Window<Delivery<K, V>> window;

  /** What was produced for settled records, and is not committed. */
  private final Outputs outputs = new Outputs();

  /** What an earlier owner has settled beyond its commit. */
  private OffsetRanges settledBefore = OffsetRanges.EMPTY;

  /** The offset that will be polled next; negative until the first poll. */
  private long next = -1;

  private Optional<Integer> nextEpoch = Optional.empty();
  private @Nullable Origin origin;
  private boolean startIsUncommitted;
  private boolean topicIsGone;

  /** The number of settled records. */
  private long version;

  /** The committed offset; negative if no commit is known. */
  private long committed = -1;

  /** The {@link #version} of the last commit. */
  private long committedVersion;

  Commits(Partition<K, V> partition, Window<Delivery<K, V>> window) {
    this.partition = partition;
    this.window = window;
  }

  // The methods without a modifier are for the partition, which holds its lock.

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

  /** Records were added, up to that position. */
  void polled(OffsetAndMetadata position) {
    if (position.offset() >= next) {
      next = position.offset();
      nextEpoch = position.leaderEpoch();
    }
    if (settledBefore.endsBefore(next)) {
      settledBefore = OffsetRanges.EMPTY;
    }
  }

  /** A record has left the window, with what its handler produced. */
  void settled(@Nullable Produced produced) {
    if (produced != null) {
      outputs.put(produced);
    }
    version++;
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

  /** The offset that is expected next. */
  long position() {
    return Math.max(next, committed);
  }

  /** Says whether its topic does not exist at present: then nothing is committed of it. */
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

  /** How many records were settled since the last commit. */
  public long uncommitted() {
    synchronized (partition) {
      return version - committedVersion;
    }
  }

  /** What can be committed; null if it is committed already. */
  public @Nullable Commit<K, V> toCommit() {
    synchronized (partition) {
      long position = outputs.sendableTo(window.size() > 0 ? window.offset(0) : next);
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
   * The leader epoch by which a broker can tell whether the log up to there is still the one that
   * was consumed: that of the record there, or of what was polled last.
   */
  private Optional<Integer> epochAt(long position) {
    if (position == next) {
      return nextEpoch;
    }
    return window.size() > 0 && window.offset(0) == position
        ? window.firstValue().raw().leaderEpoch()
        : outputs.epochAt(position);
  }

  /** Whether that offset, or a later one, has been committed. */
  public boolean isCommitted(long offset) {
    synchronized (partition) {
      return offset <= committed;
    }
  }

  /** What was produced for the records before that offset, and is not committed; in their order. */
  public List<Produced> producedBefore(long offset) {
    synchronized (partition) {
      return outputs.before(offset);
    }
  }

  /** What is produced instead for a record, if it is not committed. */
  public void replace(Produced produced) {
    synchronized (partition) {
      if (!isCommitted(produced.source().offset() + 1)) {
        outputs.put(produced);
      }
    }
  }

  /** How often that was not taken. */
  public int attempts(Produced produced) {
    synchronized (partition) {
      return outputs.attempts(produced.source().offset());
    }
  }

  /** That was not taken: it and what is behind it are not committed before that time is over. */
  public void hold(Produced produced, Duration delay, Exception why) {
    synchronized (partition) {
      outputs.hold(produced.source().offset(), System.nanoTime() + delay.toNanos(), why);
    }
  }

  /**
   * Whether a commit would keep it from getting full of what was produced; see {@link
   * Partition#isFull}.
   */
  public boolean holdsMuch(int lookAhead, long lookAheadBytes) {
    synchronized (partition) {
      return outputs.held() == null
          && (outputs.size() > lookAhead / 2 || outputs.bytes() > lookAheadBytes / 2);
    }
  }

  /** It has been committed. */
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
