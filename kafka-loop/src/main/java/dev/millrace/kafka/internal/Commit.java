package dev.millrace.kafka.internal;

/**
 * What can be committed of a partition.
 *
 * @param partition the partition, in the ownership that this belongs to
 * @param offset the first offset that is not settled
 * @param ahead what is settled beyond it
 * @param version counts what was settled
 */
public record Commit<K, V>(
    Partition<K, V> partition, long offset, OffsetRanges ahead, long version) {}
