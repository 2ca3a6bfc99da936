package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Ordering;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** A loop over Kafka's own mock of a consumer. The test plays the broker. */
@Timeout(60)
public abstract class WithMockConsumer {

  protected static final TopicPartition P0 = new TopicPartition("orders", 0);
  protected static final TopicPartition P1 = new TopicPartition("orders", 1);

  /** The last committed offset of each partition; known after the end, too. */
  protected final Map<TopicPartition, Long> lastCommits = new ConcurrentHashMap<>();

  protected final MockConsumer<byte[], byte[]> mock =
      new MockConsumer<>("earliest") {
        @Override
        public synchronized void commitSync(
            Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
          RuntimeException failure = commitFailure;
          if (failure != null) {
            throw failure;
          }
          offsets.forEach((name, offset) -> lastCommits.put(name, offset.offset()));
          super.commitSync(offsets, timeout);
        }

        @Override
        public synchronized void commitAsync(
            Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
          RuntimeException failure = commitFailure;
          if (failure != null) {
            callback.onComplete(offsets, failure);
            return;
          }
          offsets.forEach((name, offset) -> lastCommits.put(name, offset.offset()));
          super.commitAsync(offsets, callback);
        }

        @Override
        public synchronized void close(CloseOptions options) {
          super.close(options);
          RuntimeException failure = closeFailure;
          if (failure != null) {
            throw failure;
          }
        }

        @Override
        public synchronized Map<TopicPartition, OffsetAndMetadata> committed(
            Set<TopicPartition> partitions, Duration timeout) {
          lookups.add(timeout);
          lookedUp.addAll(partitions);
          if (isDown) {
            awaitTheBroker(timeout);
          }
          RuntimeException failure = lookupFailure;
          if (failure != null) {
            throw failure;
          }
          if (isUnstable) {
            throw new TimeoutException("a transaction of somebody is open");
          }
          return super.committed(partitions, timeout);
        }

        private void awaitTheBroker(Duration timeout) {
          long deadline = System.nanoTime() + timeout.toNanos();
          try {
            for (long left; isDown && (left = deadline - System.nanoTime()) > 0; ) {
              TimeUnit.NANOSECONDS.timedWait(this, left);
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptException(e);
          }
          if (isDown) {
            throw new TimeoutException("no broker answers");
          }
        }
      };

  /** The timeouts of the requests for committed offsets. */
  protected final List<Duration> lookups = Collections.synchronizedList(new ArrayList<>());

  /** The partitions of these requests. */
  protected final Set<TopicPartition> lookedUp = ConcurrentHashMap.newKeySet();

  /** Whether no broker answers these requests, so that each takes its whole timeout. */
  protected volatile boolean isDown;

  /** What commits come to; null if they succeed. */
  protected volatile @Nullable RuntimeException commitFailure;

  /** What the close of the consumer comes to; null if it succeeds. */
  protected volatile @Nullable RuntimeException closeFailure;

  /** What questions for what is committed come to; null if they are answered. */
  protected volatile @Nullable RuntimeException lookupFailure;

  /** Whether nobody is told what is committed. */
  protected volatile boolean isUnstable;

  protected final List<Exception> errors = Collections.synchronizedList(new ArrayList<>());

  private final List<Throwable> uncaught = Collections.synchronizedList(new ArrayList<>());

  /** Threads that an earlier test has left. That test has failed because of them. */
  private Set<Thread> before = Set.of();

  static Set<Thread> threads(String names) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().matches(names))
        .collect(Collectors.toSet());
  }

  @BeforeEach
  void watchThreads() {
    before = threads(".*");
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> uncaught.add(e));
  }

  /** Whether the poll thread of this test still runs. */
  protected final boolean isPolling() {
    return !before.containsAll(threads("millrace-poll.*"));
  }

  @AfterEach
  void noThreadIsLeftAndNoneThrew() {
    Thread.setDefaultUncaughtExceptionHandler(null);
    assertThat(uncaught).isEmpty();
    assertThat(threads("millrace-poll.*|reactive-kafka.*")).isSubsetOf(before);
    // This thread ends with the handler that it has interrupted. The loop did not wait for that
    // handler.
    await().untilAsserted(() -> assertThat(threads("millrace-interrupt.*")).isSubsetOf(before));
  }

  protected static Map<String, Object> properties() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", "localhost:1");
    properties.put("group.id", "test");
    properties.put("key.deserializer", StringDeserializer.class);
    properties.put("value.deserializer", StringDeserializer.class);
    return properties;
  }

  KafkaLoop.Builder<String, String> builder() {
    return KafkaLoop.<String, String>builder()
        .properties(properties())
        .topics("orders")
        .concurrency(4)
        .ordering(Ordering.UNORDERED)
        .onError(errors::add)
        .commitInterval(Duration.ofMillis(10))
        .revokeTimeout(Duration.ofSeconds(5))
        .factory(properties -> mock);
  }

  protected void assign(int records, TopicPartition... partitions) {
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(partitions));
          Map<TopicPartition, Long> beginnings = new HashMap<>();
          for (TopicPartition partition : partitions) {
            beginnings.put(partition, 0L);
          }
          mock.updateBeginningOffsets(beginnings);
          for (TopicPartition partition : partitions) {
            add(partition, 0, records);
          }
        });
  }

  protected void add(TopicPartition partition, int from, int to) {
    for (int i = from; i < to; i++) {
      mock.addRecord(record(partition, i));
    }
  }

  /** As Kafka's consumer says it; apache/kafka CompletedFetch, KAFKA-4740 and its successors. */
  private static KafkaException corrupt(int offset) {
    return new KafkaException(
        "Received exception when fetching the next record from orders-0. If needed, please seek"
            + " past the record to continue consumption.",
        new KafkaException(
            "Record batch for partition orders-0 at offset %d is invalid, cause: Record is corrupt"
                .formatted(offset)));
  }

  /** Assigns P0, with records from 0 to the end. One of them cannot be read. */
  protected void assignWithCorruptRecordAt(int offset, int to) {
    assign(offset, P0);
    mock.schedulePollTask(() -> failWhenReached(offset, to));
  }

  /** As a broker: the batch is met when all records before it have been read. */
  private void failWhenReached(int offset, int to) {
    if (mock.position(P0) < offset) {
      mock.schedulePollTask(() -> failWhenReached(offset, to));
    } else {
      mock.setPollException(corrupt(offset));
      mock.schedulePollTask(() -> add(P0, offset + 1, to));
    }
  }

  protected static ConsumerRecord<byte[], byte[]> record(TopicPartition partition, int offset) {
    return new ConsumerRecord<>(
        partition.topic(), partition.partition(), offset, bytes("k"), bytes("v" + offset));
  }

  public static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  protected static FutureTask<String> start(Loop loop, Context context) {
    var task =
        new FutureTask<>(
            () -> {
              loop.run(context);
              return "ended";
            });
    Thread.ofVirtual().start(task);
    return task;
  }

  /**
   * Waits until the loop is stuck for this reason. On a busy machine a loop with a short {@code
   * stuckAfter} may be stuck for other reasons before.
   */
  protected static void awaitStuck(Loop loop, String... reasons) {
    await()
        .untilAsserted(
            () -> {
              Health now = loop.health();
              assertThat(now.state()).isEqualTo(Health.State.STUCK);
              assertThat(now.reason()).contains(reasons);
            });
  }

  protected long committed(TopicPartition partition) {
    OffsetAndMetadata offset = mock.committed(Set.of(partition)).get(partition);
    return offset == null ? -1 : offset.offset();
  }
}
