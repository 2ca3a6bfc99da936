package dev.millrace.kafka.internal.offsets;

import dev.millrace.kafka.internal.text.Logs;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dead letters of a partition that were sent back. Not thread-safe.
 *
 * <p>A filter leaves gaps. The commit has the offset of the first letter that was left. The letters
 * sent beyond it are in the metadata of the commit, as in a loop, so that they are not sent again.
 */
public final class ReplayProgress {

  private static final Logger LOG = LoggerFactory.getLogger(Logs.LOOP);

  /** The brokers' default for the metadata of a commit, in characters. */
  private static final int METADATA = 4096;

  private final TopicPartition partition;
  private final OffsetRanges before;
  private final TreeSet<Long> left = new TreeSet<>();
  private long next;

  /**
   * The progress of the last replay.
   *
   * @param committed its commit; null if there was none
   * @param beginning the offset to start at without a commit
   */
  public ReplayProgress(
      TopicPartition partition, @Nullable OffsetAndMetadata committed, long beginning) {
    this.partition = partition;
    this.next = committed == null ? beginning : Math.max(committed.offset(), beginning);
    this.before = committed == null ? OffsetRanges.EMPTY : sentBeyond(partition, committed);
  }

  private static OffsetRanges sentBeyond(TopicPartition partition, OffsetAndMetadata committed) {
    try {
      return committed.metadata().isEmpty()
          ? OffsetRanges.EMPTY
          : CommitMetadata.decode(partition, committed.offset(), committed.metadata());
    } catch (CommitMetadata.MalformedException e) {
      LOG.warn("the letters sent back beyond {} are not known: {}", committed, e.getMessage());
      return OffsetRanges.EMPTY;
    }
  }

  /** The offset to start at. */
  public long next() {
    return next;
  }

  /** Whether an earlier replay has sent back the letter at this offset. */
  public boolean isSent(long offset) {
    return before.contains(offset);
  }

  /** The letter at this offset was read, and is left for another replay. */
  public void leave(long offset) {
    left.add(offset);
    next = offset + 1;
  }

  /** The letter at this offset was sent back, now or earlier. */
  public void sent(long offset) {
    next = offset + 1;
  }

  /** The commit, if all letters that were sent are safe. */
  public OffsetAndMetadata commit() {
    long offset = left.isEmpty() ? next : left.first();
    CommitMetadata.Encoded known =
        CommitMetadata.encode(partition, offset, beyond().then(before.from(next)), METADATA);
    if (!known.complete()) {
      LOG.warn(
          "too many dead letters of {} are left among the letters that were sent back: some of"
              + " these are sent again by the next replay",
          partition);
    }
    return new OffsetAndMetadata(offset, known.text());
  }

  /** The letters that were sent between and behind the letters that are left. */
  private OffsetRanges beyond() {
    OffsetRanges ranges = OffsetRanges.EMPTY;
    Long from = null;
    for (Long one : left) {
      if (from != null && from < one) {
        ranges = ranges.then(new OffsetRanges(new long[] {from, one}));
      }
      from = one + 1;
    }
    return from == null || from >= next
        ? ranges
        : ranges.then(new OffsetRanges(new long[] {from, next}));
  }
}
