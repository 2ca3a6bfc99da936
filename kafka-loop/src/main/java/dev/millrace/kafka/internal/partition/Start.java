package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.NewHistoryException;
import dev.millrace.kafka.internal.cluster.Origin;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Where the consumption of a partition begins. Immutable.
 *
 * @param position the offset, and the leader epoch of what is before it, if that is known
 * @param ahead what is settled beyond it
 * @param origin the topic it belongs to; null if that is not known
 * @param isCommitted whether the group has committed it
 * @param change what has become of the log, if it is not the one that was consumed
 */
public record Start(
    OffsetAndMetadata position,
    OffsetRanges ahead,
    @Nullable Origin origin,
    boolean isCommitted,
    @Nullable NewHistoryException change) {

  /** Of a partition of which nothing is committed. */
  public static Start uncommitted(OffsetAndMetadata position, @Nullable Origin origin) {
    return new Start(position, OffsetRanges.EMPTY, origin, false, null);
  }

  /** Where the application wants it. */
  public static Start at(long offset, @Nullable Origin origin) {
    return uncommitted(new OffsetAndMetadata(offset, Optional.empty(), ""), origin);
  }

  public Start after(NewHistoryException newHistory) {
    return new Start(position, ahead, origin, isCommitted, newHistory);
  }
}
