package dev.millrace.kafka.internal.workers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.channel.WithMockConsumer;
import dev.millrace.kafka.internal.handling.BatchFunction;
import dev.millrace.kafka.internal.handling.Handling;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.serde.Deserialization;
import dev.millrace.kafka.internal.settings.FailurePolicy;
import dev.millrace.kafka.internal.settings.Pauses;
import dev.millrace.sync.TaskGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The promises of the threads that handle records. */
@Timeout(60)
class WorkersTest {

  private static final Duration LONG = Duration.ofSeconds(30);

  private final List<Partition<String, String>> partitions = new ArrayList<>();
  private final int[] next = new int[3];

  /**
   * A ready record is begun while a thread is free, and no more handlers run than the concurrency
   * allows.
   */
  @RepeatedTest(5)
  void nothingThatIsReadyWaitsWhileThereIsAFreeThread() throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    Map<String, CompletableFuture<Boolean>> running = new ConcurrentHashMap<>();
    Map<String, List<Integer>> open = new HashMap<>();
    RecordHandler<String, String> handler =
        record -> {
          var gate = new CompletableFuture<Boolean>();
          String lane = record.partition() + record.key();
          assertThat(running.put(lane, gate)).as("two of one key, seed %d", seed).isNull();
          if (gate.get()) {
            throw new IOException("again");
          }
        };
    var workers = new Workers<String, String>(4);
    try (var group = TaskGroup.collecting(Context.background());
        workers) {
      begin(workers, Ordering.KEY, group, handler);
      for (int step = 0; step < 100; step++) {
        if (random.nextInt(3) == 0) {
          int partition = random.nextInt(partitions.size());
          for (String key : add(partition, 1 + random.nextInt(5), random)) {
            open.computeIfAbsent(partition + key, lane -> new ArrayList<>()).add(step);
          }
          workers.wake();
        } else if (!running.isEmpty()) {
          List<String> lanes = new ArrayList<>(running.keySet());
          String lane = lanes.get(random.nextInt(lanes.size()));
          CompletableFuture<Boolean> gate = Objects.requireNonNull(running.remove(lane));
          boolean fails = random.nextInt(3) == 0;
          if (!fails) {
            open.computeIfPresent(
                lane, (name, left) -> left.size() == 1 ? null : left.subList(1, left.size()));
          }
          gate.complete(fails);
        }
        int expected = Math.min(4, open.size());
        await()
            .atMost(LONG)
            .pollInterval(Duration.ofMillis(1))
            .untilAsserted(() -> assertThat(running).as("seed %d", seed).hasSize(expected));
      }
      workers.stop();
      running.values().forEach(gate -> gate.complete(false));
    }
    assertThat(workers.failure()).isNull();
  }

  @Test
  void recordsWithoutWorkNeedHardlyAnyThreads() throws Exception {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    var handled = new AtomicInteger();
    var workers = new Workers<String, String>(10_000);
    try (var group = TaskGroup.collecting(Context.background());
        workers) {
      RecordHandler<String, String> handler =
          record -> {
            threads.add(Thread.currentThread());
            handled.incrementAndGet();
          };
      for (int i = 0; i < next.length; i++) {
        partitions.add(partition(i, Ordering.UNORDERED, workers));
        add(i, 10_000, new Random(1));
      }
      begin(workers, Ordering.UNORDERED, group, handler);
      await().atMost(LONG).until(() -> handled.get() == 30_000);
    }
    assertThat(threads).hasSizeLessThan(1_000);
  }

  /** The first thread waits for a carrier: other threads start later, but they start. */
  @Test
  void whatIsReadyIsBegunAlthoughAllCarriersWereBusy() throws Exception {
    int carriers = Runtime.getRuntime().availableProcessors();
    var busy = new CountDownLatch(carriers);
    var started = new CountDownLatch(4);
    var end = new CountDownLatch(1);
    var workers = new Workers<String, String>(4);
    try (var group = TaskGroup.collecting(Context.background());
        workers) {
      begin(
          workers,
          Ordering.UNORDERED,
          group,
          record -> {
            started.countDown();
            end.await();
          });
      for (int i = 0; i < carriers; i++) {
        group.fork(
            () -> {
              busy.countDown();
              long until = System.nanoTime() + Duration.ofMillis(50).toNanos();
              while (System.nanoTime() < until) {
                Thread.onSpinWait();
              }
              return null;
            });
      }
      busy.await();
      add(0, 4, new Random(1));
      workers.wake();
      assertThat(started.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      end.countDown();
    }
  }

  @Test
  void threadThatAHandlerLeavesInterruptedIsNotSoForTheNext() throws Exception {
    List<Boolean> interrupted = new ArrayList<>();
    var done = new CountDownLatch(10);
    var workers = new Workers<String, String>(1);
    try (var group = TaskGroup.collecting(Context.background());
        workers) {
      begin(
          workers,
          Ordering.PARTITION,
          group,
          record -> {
            interrupted.add(Thread.currentThread().isInterrupted());
            Thread.currentThread().interrupt();
            done.countDown();
          });
      add(0, 10, new Random(1));
      workers.wake();
      done.await();
    }
    assertThat(interrupted).hasSize(10).containsOnly(false);
  }

  @Test
  void handlersThatNeverBlockLeaveCarriersToOthers() throws Exception {
    var handled = new AtomicInteger();
    var workers = new Workers<String, String>(1_000);
    try (var group = TaskGroup.collecting(Context.background());
        workers) {
      RecordHandler<String, String> handler =
          record -> {
            for (long end = System.nanoTime() + 100_000; System.nanoTime() < end; ) {
              Thread.onSpinWait();
            }
            handled.incrementAndGet();
          };
      for (int i = 0; i < next.length; i++) {
        partitions.add(partition(i, Ordering.UNORDERED, workers));
        add(i, 20_000 * Runtime.getRuntime().availableProcessors(), new Random(1));
      }
      begin(workers, Ordering.UNORDERED, group, handler);
      await().atMost(LONG).until(() -> handled.get() > 1_000);
      var other = new CompletableFuture<Integer>();
      Thread.ofVirtual().start(() -> other.complete(handled.get()));
      other.join();
      assertThat(workers.mayTake()).isTrue();
      assertThat(handled.get()).isLessThan(next.length * next[0]);
    }
  }

  private void begin(
      Workers<String, String> workers,
      Ordering ordering,
      TaskGroup group,
      RecordHandler<String, String> handler) {
    for (int i = partitions.size(); i < next.length; i++) {
      partitions.add(partition(i, ordering, workers));
    }
    workers.attach(partitions, new Pauses());
    var policy =
        new FailurePolicy(
            1_000, Backoff.none(), e -> true, null, RefusedLetters.keep(), Backoff.none());
    workers.begin(
        group,
        new Handling<>(
            "test", BatchFunction.ofOne(handler), policy, group.context()::isCancelled, e -> {}));
  }

  private static Partition<String, String> partition(
      int number, Ordering ordering, Workers<String, String> workers) {
    return new Partition<>(
        new TopicPartition("orders", number),
        ordering,
        new Deserialization<>(new StringDeserializer(), new StringDeserializer()),
        workers::wake);
  }

  /** Adds records of a few keys; returns their keys. */
  private List<String> add(int partition, int records, Random random) {
    List<String> keys = new ArrayList<>();
    List<ConsumerRecord<byte[], byte[]>> some = new ArrayList<>();
    for (int i = 0; i < records; i++) {
      String key = "k" + random.nextInt(3);
      keys.add(key);
      some.add(
          new ConsumerRecord<>(
              "orders",
              partition,
              next[partition]++,
              WithMockConsumer.bytes(key),
              WithMockConsumer.bytes("v")));
    }
    partitions.get(partition).add(some, next[partition]);
    return keys;
  }
}
