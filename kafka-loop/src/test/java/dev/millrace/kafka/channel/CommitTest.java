package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Commits that fail, and partitions that are lost. */
class CommitTest extends WithMockConsumer {

  /** A broker that accepts or refuses commits. */
  private static final class Broker extends MockConsumer<byte[], byte[]> {
    private final List<Map<TopicPartition, OffsetAndMetadata>> commits =
        Collections.synchronizedList(new ArrayList<>());
    private volatile @Nullable Exception failure;
    private volatile boolean refusesMetadata;

    /** While true, commits are refused. The poll after a refused commit clears it. */
    private volatile boolean rebalancing;

    private boolean refused;
    private volatile @Nullable ConsumerRebalanceListener listener;

    Broker() {
      super("earliest");
    }

    @Override
    public synchronized void subscribe(Collection<String> topics, ConsumerRebalanceListener given) {
      listener = given;
      super.subscribe(topics, given);
    }

    @Override
    public synchronized void commitAsync(
        Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
      Exception now = refusal(offsets);
      if (now != null) {
        callback.onComplete(offsets, now);
      } else {
        commits.add(offsets);
        super.commitAsync(offsets, callback);
      }
    }

    private @Nullable Exception refusal(Map<TopicPartition, OffsetAndMetadata> offsets) {
      boolean some = offsets.values().stream().anyMatch(one -> !one.metadata().isEmpty());
      return refusesMetadata && some ? new OffsetMetadataTooLarge("too large") : failure;
    }

    @Override
    public synchronized void commitSync(
        Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
      if (rebalancing) {
        refused = true;
        throw new RebalanceInProgressException("poll until it is over");
      }
      commits.add(offsets);
      super.commitSync(offsets, timeout);
    }

    @Override
    public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
      rebalancing &= !refused;
      return super.poll(timeout);
    }
  }

  private final Broker broker = new Broker();
  private final List<Notification> notifications = Collections.synchronizedList(new ArrayList<>());

  private KafkaLoop.Builder<String, String> loop() {
    return builder().factory(properties -> broker).onNotification(notifications::add);
  }

  /** Runs a step in the poll thread. */
  private void poll(Consumer<Broker> step) {
    broker.schedulePollTask(() -> step.accept(broker));
  }

  private void assignWith(int records) {
    poll(
        b -> {
          b.rebalance(List.of(P0));
          b.updateBeginningOffsets(Map.of(P0, 0L));
          for (int i = 0; i < records; i++) {
            b.addRecord(record(P0, i));
          }
        });
  }

  /**
   * smallrye-reactive-messaging#1403, akka/alpakka-kafka#755: commits stop after one has failed.
   */
  @Test
  void commitThatFailsIsRepeatedUntilItSucceeds() throws Exception {
    broker.failure = new RetriableCommitFailedException("a rebalance is under way");
    assignWith(10);
    var loop = loop().handler(record -> {}).build();
    var running = start(loop, Context.background());
    await().until(() -> errors.size() >= 3);
    assertThat(broker.commits).isEmpty();
    broker.failure = null;
    await().until(() -> !broker.commits.isEmpty());
    assertThat(committedBy(broker, P0)).isEqualTo(10);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void lastCommitWaitsForTheEndOfARebalance() throws Exception {
    assignWith(10);
    var handled = new AtomicInteger();
    var loop =
        loop()
            .commitInterval(Duration.ofHours(1))
            .handler(record -> handled.incrementAndGet())
            .build();
    var running = start(loop, Context.background());
    await().until(() -> handled.get() == 10);
    broker.rebalancing = true;
    loop.drain(Duration.ofSeconds(5));
    running.get();
    assertThat(broker.commits).isNotEmpty();
    assertThat(broker.commits.getLast()).containsEntry(P0, new OffsetAndMetadata(10));
  }

  /** confluentinc/parallel-consumer#647 */
  @Test
  void brokerThatTakesLessMetadataGetsNone() throws Exception {
    broker.refusesMetadata = true;
    assignWith(10);
    var gate = new CountDownLatch(1);
    var others = new AtomicInteger();
    var loop =
        loop()
            .handler(
                record -> {
                  if (record.offset() == 3) {
                    gate.await();
                  }
                  others.incrementAndGet();
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> others.get() == 9 && committedBy(broker, P0) == 3);
    gate.countDown();
    await().until(() -> committedBy(broker, P0) == 10);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  private static long committedBy(Broker broker, TopicPartition partition) {
    var offset = broker.committed(Set.of(partition)).get(partition);
    return offset == null ? -1 : offset.offset();
  }

  @Test
  void lostPartitionCommitsNothingAndStartsNothing() throws Exception {
    assignWith(100);
    var gate = new CountDownLatch(1);
    var started = new AtomicInteger();
    var loop =
        loop()
            .commitInterval(Duration.ofHours(1))
            .ordering(Ordering.PARTITION)
            .handler(
                record -> {
                  started.incrementAndGet();
                  if (record.offset() == 5) {
                    gate.await();
                  }
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> started.get() == 6);
    poll(
        b -> {
          var listener = b.listener;
          if (listener != null) {
            listener.onPartitionsLost(List.of(P0));
          }
        });
    await().until(() -> notifications.getLast().released().contains(P0));
    gate.countDown();
    loop.drain(Duration.ofSeconds(5));
    running.get();
    assertThat(started).hasValue(6);
    assertThat(broker.commits) // only the commit of its start
        .allSatisfy(commit -> assertThat(Objects.requireNonNull(commit.get(P0)).offset()).isZero());
  }

  /**
   * confluentinc/parallel-consumer#857, #875: the partition comes back while its handler still
   * runs.
   */
  @Test
  void partitionThatComesBackAtOnceWaitsForTheHandlerOfBefore() throws Exception {
    assignWith(10);
    var gate = new CountDownLatch(1);
    var together = new AtomicInteger();
    var most = new AtomicInteger();
    var done = new AtomicInteger();
    var loop =
        loop()
            .revokeTimeout(Duration.ofMillis(20))
            .ordering(Ordering.KEY)
            .handler(
                record -> {
                  most.accumulateAndGet(together.incrementAndGet(), Math::max);
                  gate.await();
                  together.decrementAndGet();
                  done.incrementAndGet();
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> together.get() == 1);
    poll(
        b -> {
          b.rebalance(List.of());
          b.rebalance(List.of(P0));
          for (int i = 0; i < 10; i++) {
            b.addRecord(record(P0, i));
          }
        });
    await().during(Duration.ofMillis(200)).until(() -> together.get() == 1);
    assertThat(committedBy(broker, P0)).isLessThanOrEqualTo(0);
    gate.countDown();
    await().until(() -> committedBy(broker, P0) == 10);
    assertThat(most).hasValue(1);
    assertThat(done).hasValue(11); // the first record twice
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }
}
