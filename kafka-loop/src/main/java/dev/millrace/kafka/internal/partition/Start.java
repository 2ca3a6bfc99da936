package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.NewHistoryException;
import dev.millrace.kafka.internal.cluster.Origin;
import dev.millrace.kafka.internal.offsets.OffsetRanges;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Where the consumption of a partition begins. Immutable.
 *
 * @param position the offset, and the leader epoch of the record before it, if it is known
 * @param ahead the records settled beyond the offset
 * @param origin the topic it belongs to; null if it is not known
 * @param isCommitted whether the group has committed the offset
 * @param change the new history, if the log is not the consumed one; otherwise null
 */
public record Start(
    OffsetAndMetadata position,
    OffsetRanges ahead,
    @Nullable Origin origin,
    boolean isCommitted,
    @Nullable NewHistoryException change) {

  /** The start of a partition without a commit. */
  public static Start uncommitted(OffsetAndMetadata position, @Nullable Origin origin) {
    return new Start(position, OffsetRanges.EMPTY, origin, false, null);
  }

  /** A position that the application has set. */
  public static Start at(long offset, @Nullable Origin origin) {
    return uncommitted(new OffsetAndMetadata(offset, Optional.empty(), ""), origin);
  }

  public Start after(NewHistoryException newHistory) {
    return new Start(position, ahead, origin, isCommitted, newHistory);
  }
}
