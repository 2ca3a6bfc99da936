package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class KafkaLoopTest {

  private static final TopicPartition P0 = new TopicPartition("orders", 0);
  private static final TopicPartition P1 = new TopicPartition("orders", 1);

  private final MockConsumer<String, String> mock = new MockConsumer<>("earliest");
  private final List<Exception> errors = Collections.synchronizedList(new ArrayList<>());

  private final List<Throwable> uncaught = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void watchThreads() {
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> uncaught.add(e));
  }

  @AfterEach
  void noThreadIsLeftAndNoneThrew() {
    Thread.setDefaultUncaughtExceptionHandler(null);
    assertThat(uncaught).isEmpty();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("millrace-poll"));
  }

  private static Map<String, Object> properties() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", "localhost:1");
    properties.put("group.id", "test");
    properties.put("key.deserializer", StringDeserializer.class);
    properties.put("value.deserializer", StringDeserializer.class);
    return properties;
  }

  private KafkaLoop.Builder<String, String> builder() {
    return KafkaLoop.<String, String>builder()
        .properties(properties())
        .topics("orders")
        .concurrency(4)
        .onError(errors::add)
        .commitInterval(Duration.ofMillis(10))
        .revokeTimeout(Duration.ofSeconds(5))
        .factory(properties -> mock);
  }

  private void assign(int records, TopicPartition... partitions) {
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

  private void add(TopicPartition partition, int from, int to) {
    for (int i = from; i < to; i++) {
      mock.addRecord(
          new ConsumerRecord<>(partition.topic(), partition.partition(), i, "k", "v" + i));
    }
  }

  /** Five records a poll, while the partition is not paused. */
  private void addFiveAndComeAgain(int from, int to) {
    boolean add = !mock.paused().contains(P0);
    if (add) {
      add(P0, from, from + 5);
    }
    int next = add ? from + 5 : from;
    if (next < to) {
      mock.schedulePollTask(() -> addFiveAndComeAgain(next, to));
    }
  }

  private static FutureTask<String> start(KafkaLoop<String, String> loop, Context context) {
    var task =
        new FutureTask<>(
            () -> {
              loop.run(context);
              return "ended";
            });
    Thread.ofVirtual().start(task);
    return task;
  }

  private long committed(TopicPartition partition) {
    OffsetAndMetadata offset = mock.committed(Set.of(partition)).get(partition);
    return offset == null ? -1 : offset.offset();
  }

  @Test
  void everythingIsHandledAndCommitted() throws Exception {
    assign(100, P0, P1);
    var handled = new AtomicInteger();
    var loop = builder().handler(record -> handled.incrementAndGet()).build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 100 && committed(P1) == 100);
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
    assertThat(handled).hasValue(200);
    assertThat(mock.closed()).isTrue();
  }

  /**
   * sarama-cluster's MarkOffset under parallel handling: the highest offset, not the settled one.
   */
  @Test
  void unfinishedRecordHoldsTheCommitBack() throws Exception {
    assign(10, P0);
    var gate = new CountDownLatch(1);
    var others = new CountDownLatch(9);
    var loop =
        builder()
            .handler(
                record -> {
                  if (record.offset() == 3) {
                    gate.await();
                  } else {
                    others.countDown();
                  }
                })
            .build();
    var running = start(loop, Context.background());
    assertThat(others.await(20, TimeUnit.SECONDS)).isTrue();
    await().until(() -> committed(P0) == 3);
    gate.countDown();
    await().until(() -> committed(P0) == 10);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void handlerThatFailsStopsTheLoopAndItsRecordIsNotCommitted() throws Exception {
    assign(10, P0);
    var cause = new IOException("store");
    var loop =
        builder()
            .concurrency(1)
            .handler(
                record -> {
                  if (record.offset() == 5) {
                    throw cause;
                  }
                })
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasCause(cause);
    assertThat(cause.getSuppressed()[0]).hasMessageContaining("orders-0 at offset 5");
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void cancelledContextInterruptsHandlersAndIsTheCause() throws Exception {
    assign(10, P0);
    var started = new CountDownLatch(4);
    var interrupted = new AtomicInteger();
    var loop =
        builder()
            .handler(
                record -> {
                  started.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException e) {
                    interrupted.incrementAndGet();
                    throw e;
                  }
                })
            .build();
    try (var context = Context.background().withCancel()) {
      var running = start(loop, context);
      assertThat(started.await(20, TimeUnit.SECONDS)).isTrue();
      var cause = new IOException("stop");
      context.cancel(cause);
      assertThatThrownBy(running::get)
          .hasCauseInstanceOf(CancellationException.class)
          .hasRootCause(cause);
    }
    assertThat(interrupted).hasValue(4);
  }

  @RepeatedTest(200)
  void closeWhileRecordsAreFedThrowsNowhere() throws Exception {
    assign(2000, P0);
    var builder = ChannelConsumer.<String, String>builder();
    try (var consumer =
        builder.properties(properties()).topics("orders").factory(properties -> mock).open()) {
      while (consumer.messages().receive().offset() < 100) {}
      Thread.ofVirtual().start(() -> consumer.messages().forEach(record -> {}));
    }
  }

  @Test
  void drainWaitsForHandlersAndCommitsWhatTheyDid() throws Exception {
    assign(4, P0);
    var started = new CountDownLatch(4);
    var gate = new CountDownLatch(1);
    var done = new AtomicInteger();
    var loop =
        builder()
            .handler(
                record -> {
                  started.countDown();
                  gate.await();
                  done.incrementAndGet();
                })
            .build();
    var running = start(loop, Context.background());
    started.await();
    var drained =
        new FutureTask<>(
            () -> {
              loop.drain(Duration.ofSeconds(20));
              return done.get();
            });
    Thread.ofVirtual().start(drained);
    gate.countDown();
    assertThat(drained.get()).isEqualTo(4);
    running.get();
  }

  @Test
  void drainEndsByItsDeadline() throws Exception {
    assign(1, P0);
    var started = new CountDownLatch(1);
    var loop =
        builder()
            .handler(
                record -> {
                  started.countDown();
                  new CountDownLatch(1).await();
                })
            .build();
    var running = start(loop, Context.background());
    started.await();
    loop.drain(Duration.ofMillis(50));
    assertThat(running.get(5, TimeUnit.SECONDS)).isEqualTo("ended");
  }

  @Test
  void fullPartitionsArePausedAndOthersAreNot() throws Exception {
    assign(0, P0, P1);
    var gate = new CountDownLatch(1);
    var handled = new AtomicInteger();
    var loop =
        builder()
            .buffer(10)
            .handler(
                record -> {
                  gate.await();
                  handled.incrementAndGet();
                })
            .build();
    mock.schedulePollTask(() -> add(P0, 0, 100));
    var running = start(loop, Context.background());
    await().until(() -> mock.paused().equals(Set.of(P0)));
    gate.countDown();
    await().until(() -> handled.get() == 100);
    await().until(() -> mock.paused().isEmpty());
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void recordThatHangsStopsItsPartitionBeforeTheHeapIsFull() throws Exception {
    assign(0, P0);
    mock.schedulePollTask(() -> addFiveAndComeAgain(0, 1000));
    var gate = new CountDownLatch(1);
    var handled = new AtomicInteger();
    var loop =
        builder()
            .buffer(10)
            .handler(
                record -> {
                  if (record.offset() == 0) {
                    gate.await();
                  }
                  handled.incrementAndGet();
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> handled.get() >= 199 && mock.paused().contains(P0));
    assertThat(handled.get()).isLessThan(300);
    gate.countDown();
    await().until(() -> handled.get() == 1000 && committed(P0) == 1000);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void survivableErrorsAreReportedAndTheLoopGoesOn() throws Exception {
    assign(5, P0);
    mock.schedulePollTask(() -> mock.setPollException(new TimeoutException("slow broker")));
    var handled = new AtomicInteger();
    var loop = builder().handler(record -> handled.incrementAndGet()).build();
    var running = start(loop, Context.background());
    await().until(() -> handled.get() == 5 && !errors.isEmpty());
    assertThat(errors.getFirst()).isInstanceOf(TimeoutException.class);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void recordThatCanNotBeDeserializedStopsTheLoopAndSaysWhich() throws Exception {
    @SuppressWarnings("deprecation") // the other constructor needs the record's buffers
    KafkaException bad =
        new RecordDeserializationException(P0, 42, "bad bytes", new IOException("bytes"));
    mock.schedulePollTask(() -> mock.setPollException(bad));
    var loop = builder().handler(record -> {}).build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            RecordDeserializationException.class, e -> assertThat(e.offset()).isEqualTo(42));
  }

  @Test
  void unsafeOrMissingSettingsAreRefusedWithTheReason() {
    var properties = properties();
    properties.put("enable.auto.commit", "true");
    assertThatThrownBy(() -> builder().properties(properties).handler(r -> {}).build())
        .hasMessageContaining("enable.auto.commit")
        .hasMessageContaining("lose");
    for (String missing :
        List.of("bootstrap.servers", "group.id", "key.deserializer", "value.deserializer")) {
      var without = properties();
      without.remove(missing);
      assertThatThrownBy(() -> builder().properties(without).handler(r -> {}).build())
          .hasMessageContaining(missing);
    }
    assertThatThrownBy(() -> builder().topics().handler(r -> {}).build())
        .hasMessageContaining("topic");
    assertThatThrownBy(() -> builder().build()).hasMessageContaining("handler");
    assertThatThrownBy(() -> builder().concurrency(0)).hasMessageContaining("0");
    assertThatThrownBy(() -> builder().buffer(0)).hasMessageContaining("0");
    assertThatThrownBy(() -> builder().commitInterval(Duration.ZERO))
        .hasMessageContaining("positive");
  }
}
