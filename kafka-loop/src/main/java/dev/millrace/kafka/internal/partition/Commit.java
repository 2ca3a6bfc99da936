package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.internal.cluster.Origin;
import dev.millrace.kafka.internal.offsets.OffsetRanges;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.jspecify.annotations.Nullable;

/**
 * The next commit of a partition.
 *
 * @param partition the partition, in the ownership that the commit belongs to
 * @param offset the first offset that is not settled
 * @param epoch the leader epoch there, if it is known
 * @param ahead the records settled beyond the offset
 * @param origin the topic that the offset belongs to; null if it is not known
 * @param version the number of settled records so far
 */
public record Commit<K, V>(
    Partition<K, V> partition,
    long offset,
    Optional<Integer> epoch,
    OffsetRanges ahead,
    @Nullable Origin origin,
    long version) {

  public OffsetAndMetadata with(String metadata) {
    return new OffsetAndMetadata(offset, epoch, metadata);
  }
}
