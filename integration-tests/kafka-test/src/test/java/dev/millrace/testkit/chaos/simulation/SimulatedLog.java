package dev.millrace.testkit.chaos.simulation;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;

/** A partition: records, markers of transactions, and gaps between offsets. */
final class SimulatedLog {

  /** A record, or the marker of a transaction. Immutable. */
  private static final class Entry {
    final byte @Nullable [] key;
    final byte @Nullable [] value;
    final Headers headers;
    final long millis;
    final @Nullable SimulatedTransaction transaction;
    final boolean isMarker;

    Entry(
        byte @Nullable [] key,
        byte @Nullable [] value,
        Headers headers,
        long millis,
        @Nullable SimulatedTransaction transaction,
        boolean isMarker) {
      this.key = key;
      this.value = value;
      this.headers = headers;
      this.millis = millis;
      this.transaction = transaction;
      this.isMarker = isMarker;
    }
  }

  final TopicPartition name;
  private final TreeMap<Long, Entry> entries = new TreeMap<>();

  /** The first offset of each open transaction. */
  private final Map<SimulatedTransaction, Long> open = new LinkedHashMap<>();

  private long start;
  private long end;

  SimulatedLog(TopicPartition name) {
    this.name = name;
  }

  long append(
      byte @Nullable [] key,
      byte @Nullable [] value,
      Headers headers,
      long millis,
      @Nullable SimulatedTransaction transaction) {
    if (transaction != null) {
      open.putIfAbsent(transaction, end);
      transaction.logs.add(this);
    }
    entries.put(end, new Entry(key, value, new RecordHeaders(headers), millis, transaction, false));
    return end++;
  }

  /** The next record does not follow the last one. */
  void gap(int offsets) {
    end += offsets;
  }

  /** The transaction has ended: its marker takes an offset. */
  void ended(SimulatedTransaction transaction) {
    open.remove(transaction);
    entries.put(end, new Entry(null, null, new RecordHeaders(), 0, null, true));
    end++;
  }

  void deleteTo(long offset) {
    start = Math.max(start, Math.min(offset, end));
    entries.headMap(start).clear();
  }

  long start() {
    return start;
  }

  /** The end for a reader of committed records, or of all records. */
  long end(boolean committed) {
    return committed ? open.values().stream().mapToLong(one -> one).min().orElse(end) : end;
  }

  /**
   * Reads records from an offset on.
   *
   * @return the offset to read from next time
   */
  long read(
      long from,
      int most,
      boolean committed,
      BiConsumer<Long, ConsumerRecord<byte[], byte[]>> sink) {
    long last = end(committed);
    int found = 0;
    for (var one : entries.subMap(Math.min(from, last), last).entrySet()) {
      Entry entry = one.getValue();
      SimulatedTransaction transaction = entry.transaction;
      boolean isAborted =
          transaction != null && transaction.state == SimulatedTransaction.State.ABORTED;
      if (entry.isMarker || (committed && isAborted)) {
        continue;
      }
      if (found++ == most) {
        return one.getKey();
      }
      sink.accept(one.getKey(), record(one.getKey(), entry));
    }
    return Math.max(from, last);
  }

  @SuppressWarnings("NullAway") // Kafka's constructor is not annotated: keys and values may be null
  private ConsumerRecord<byte[], byte[]> record(long offset, Entry entry) {
    return new ConsumerRecord<>(
        name.topic(),
        name.partition(),
        offset,
        entry.millis,
        TimestampType.CREATE_TIME,
        length(entry.key),
        length(entry.value),
        entry.key,
        entry.value,
        new RecordHeaders(entry.headers),
        java.util.Optional.empty());
  }

  private static int length(byte @Nullable [] bytes) {
    return bytes == null ? -1 : bytes.length;
  }
}
