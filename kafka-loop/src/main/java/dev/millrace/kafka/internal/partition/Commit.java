package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.internal.cluster.Origin;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.jspecify.annotations.Nullable;

/**
 * What can be committed of a partition.
 *
 * @param partition the partition, in the ownership that this belongs to
 * @param offset the first offset that is not settled
 * @param epoch the leader epoch there, if it is known
 * @param ahead what is settled beyond it
 * @param origin the topic that the offset belongs to; null if it is not known
 * @param version counts what was settled
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
