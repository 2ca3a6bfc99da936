package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.ThreadMXBean;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.internal.drafts.Drafts;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What a record costs, in counts and not in seconds: bytes, threads, polls, commits.
 *
 * <p>Each limit is about twice the count of a warm JVM on a busy machine, so a slow machine does
 * not make it red. A list or an array more for each record does.
 */
@Tag("cost")
@Timeout(120)
public abstract class LoopCostPromises {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final TopicPartition P0 = new TopicPartition("orders", 0);
  private static final int PASS = 20_000;
  private static final byte[] KEY = WithMockConsumer.bytes("key");
  private static final byte[] VALUE = WithMockConsumer.bytes("value");

  private final AtomicInteger handled = new AtomicInteger();
  private final AtomicInteger polls = new AtomicInteger();
  private final AtomicInteger commits = new AtomicInteger();
  private int added;

  private final MockConsumer<byte[], byte[]> mock =
      new MockConsumer<>("earliest") {
        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
          polls.incrementAndGet();
          ConsumerRecords<byte[], byte[]> records = super.poll(Duration.ZERO);
          if (records.isEmpty()) { // as a broker without new records
            LockSupport.parkNanos(timeout.toNanos());
          }
          return records;
        }

        @Override
        public synchronized void commitAsync(
            Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
          commits.incrementAndGet();
          super.commitAsync(offsets, callback);
        }
      };

  /** For each record of a pass. */
  private record Cost(double bytes, double threads, double polls, double commits) {}

  /** A loop whose handler takes that time, and then calls the action. */
  protected abstract LoopBuilder<String, String, ?> loop(Duration work, Runnable action);

  @Test
  void recordWithoutWorkCostsFewBytesAndHardlyAnyThread() throws Exception {
    Cost cost = last(5, Ordering.UNORDERED, Duration.ZERO);
    assertThat(cost.bytes()).as("bytes a record").isBetween(50.0, 1_000.0);
    assertThat(cost.threads()).as("threads a record").isLessThan(0.2);
    assertThat(cost.polls()).as("polls a record").isLessThan(0.05);
    assertThat(cost.commits()).as("commits a record").isLessThan(0.001);
  }

  @Test
  void recordOfAKeyCostsFewBytesAndHardlyAnyThread() throws Exception {
    Cost cost = last(5, Ordering.KEY, Duration.ZERO);
    assertThat(cost.bytes()).as("bytes a record").isBetween(50.0, 1_000.0);
    assertThat(cost.threads()).as("threads a record").isLessThan(0.2);
    assertThat(cost.commits()).as("commits a record").isLessThan(0.001);
  }

  @Test
  void recordWhoseHandlerTakesTimeCostsAtMostOneThread() throws Exception {
    Cost cost = last(3, Ordering.UNORDERED, Duration.ofMillis(1));
    assertThat(cost.bytes()).as("bytes a record").isBetween(50.0, 4_000.0);
    assertThat(cost.threads()).as("threads a record").isLessThan(1.1);
    assertThat(cost.commits()).as("commits a record").isLessThan(0.001);
  }

  /** The cost of the last of some passes. */
  private Cost last(int passes, Ordering ordering, Duration work) throws Exception {
    mock.setMaxPollRecords(500);
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(P0));
          mock.updateBeginningOffsets(Map.of(P0, 0L));
        });
    LoopBuilder<String, String, ?> builder = loop(work, handled::incrementAndGet);
    Drafts.consumer(builder).factory = properties -> mock;
    Loop loop =
        builder
            .properties(WithMockConsumer.properties())
            .topics("orders")
            .concurrency(1_000)
            .ordering(ordering)
            .build();
    var task = WithMockConsumer.start(loop, dev.millrace.context.Context.background());
    await().until(() -> !loop.partitions().isEmpty());
    Cost cost = pass();
    for (int i = 1; i < passes; i++) {
      cost = pass();
    }
    loop.drain(Duration.ofSeconds(30));
    assertThat(task.get()).isEqualTo("ended");
    return cost;
  }

  private Cost pass() {
    int until = added + PASS;
    // The poll thread adds the records. So it polls none before the count begins.
    long[] bytes = new long[1];
    long before = newestThread();
    int pollsBefore = polls.get();
    int commitsBefore = commits.get();
    mock.schedulePollTask(
        () -> {
          while (added < until) {
            mock.addRecord(new ConsumerRecord<>("orders", 0, added++, KEY, VALUE));
          }
          bytes[0] = THREADS.getTotalThreadAllocatedBytes();
        });
    await()
        .pollInterval(Duration.ofMillis(20))
        .atMost(Duration.ofSeconds(60))
        .until(() -> handled.get() == until);
    return new Cost(
        (double) (THREADS.getTotalThreadAllocatedBytes() - bytes[0]) / PASS,
        (double) (newestThread() - before) / PASS,
        (double) (polls.get() - pollsBefore) / PASS,
        (double) (commits.get() - commitsBefore) / PASS);
  }

  /** The identifiers of threads rise by one. */
  private static long newestThread() {
    return Thread.ofVirtual().unstarted(() -> {}).threadId();
  }
}
