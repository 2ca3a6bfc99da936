package dev.millrace.benchmarks.kafka;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.HdrHistogram.ConcurrentHistogram;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Measures the time from handled to committed, for any arm. It is an interceptor of the arm's
 * consumer, and {@link Meter} reports the handled records to it. There is one for the process.
 */
public final class CommitProbe implements ConsumerInterceptor<Object, Object> {

  private static final Map<TopicPartition, AtomicLongArray> HANDLED = new ConcurrentHashMap<>();
  private static final Map<TopicPartition, Long> COMMITTED = new ConcurrentHashMap<>();
  private static final ConcurrentHistogram DELAY = new ConcurrentHistogram(3);
  private static final AtomicLong TOO_EARLY = new AtomicLong();

  static void handled(ConsumerRecord<?, ?> record, long now) {
    times(new TopicPartition(record.topic(), record.partition())).set((int) record.offset(), now);
  }

  private static AtomicLongArray times(TopicPartition partition) {
    return HANDLED.computeIfAbsent(
        partition, p -> new AtomicLongArray(Pace.WARM_UP + Pace.MEASURED));
  }

  /** The time from the end of a handler to the answer of the commit, in microseconds. */
  static long delay(double percentile) {
    return DELAY.getValueAtPercentile(percentile);
  }

  /** The number of records that were committed before they were handled. */
  static long tooEarly() {
    return TOO_EARLY.get();
  }

  @Override
  public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {
    long now = Pace.now();
    offsets.forEach(
        (partition, offset) -> {
          AtomicLongArray times = times(partition);
          Long before = COMMITTED.put(partition, offset.offset());
          for (long i = before == null ? 0 : before; i < offset.offset(); i++) {
            long at = times.get((int) i);
            if (at == 0) {
              TOO_EARLY.incrementAndGet();
            } else {
              DELAY.recordValue(Math.max(0, now - at));
            }
          }
        });
  }

  @Override
  public ConsumerRecords<Object, Object> onConsume(ConsumerRecords<Object, Object> records) {
    return records;
  }

  @Override
  public void configure(Map<String, ?> configs) {}

  @Override
  public void close() {}
}
