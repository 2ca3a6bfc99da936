package dev.millrace.benchmarks.kafka;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * A consumer without a broker: polls return the records that were {@link #release released}, at
 * most 500 of one partition. The caller of {@code poll} is one thread; any thread may release.
 */
final class Feed extends MockConsumer<byte[], byte[]> {

  static final String TOPIC = "feed";
  static final int PARTITIONS = 8;

  private static final int MOST = 500;
  private static final int KEYS = 1_000;
  private static final byte[] VALUE = new byte[100];

  private final byte[][] keys = new byte[KEYS][];
  private final List<TopicPartition> names = new ArrayList<>();
  private final long[] next = new long[PARTITIONS];
  private final Object signal = new Object();
  private volatile long end;
  private boolean assigned;
  private int turn;

  Feed() {
    super("earliest");
    for (int i = 0; i < KEYS; i++) {
      keys[i] = ("key-" + i).getBytes(StandardCharsets.US_ASCII);
    }
    Map<TopicPartition, Long> beginnings = new HashMap<>();
    for (int i = 0; i < PARTITIONS; i++) {
      names.add(new TopicPartition(TOPIC, i));
      beginnings.put(names.get(i), 0L);
    }
    schedulePollTask(
        () -> {
          rebalance(names);
          updateBeginningOffsets(beginnings);
          assigned = true;
        });
  }

  /** Makes more records of each partition available. */
  void release(int records) {
    synchronized (signal) {
      end += records;
      signal.notifyAll();
    }
  }

  @Override
  public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
    if (!assigned) {
      return super.poll(Duration.ZERO);
    }
    long deadline = System.nanoTime() + timeout.toNanos();
    Set<TopicPartition> paused = paused();
    while (true) {
      long seen = end;
      for (int i = 0; i < PARTITIONS; i++) {
        int partition = turn++ % PARTITIONS;
        if (next[partition] < seen && !paused.contains(names.get(partition))) {
          return some(partition, (int) Math.min(MOST, seen - next[partition]));
        }
      }
      if (!awaitMore(seen, deadline)) {
        return ConsumerRecords.empty();
      }
    }
  }

  private boolean awaitMore(long seen, long deadline) {
    synchronized (signal) {
      while (end == seen) {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          return false;
        }
        try {
          signal.wait(left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return false;
        }
      }
      return true;
    }
  }

  private ConsumerRecords<byte[], byte[]> some(int partition, int records) {
    TopicPartition name = names.get(partition);
    List<ConsumerRecord<byte[], byte[]>> some = new ArrayList<>(records);
    for (int i = 0; i < records; i++) {
      long offset = next[partition]++;
      byte[] key = keys[(int) ((offset * PARTITIONS + partition) % KEYS)];
      some.add(new ConsumerRecord<>(TOPIC, partition, offset, key, VALUE));
    }
    return new ConsumerRecords<>(
        Map.of(name, some), Map.of(name, new OffsetAndMetadata(next[partition])));
  }
}
