package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Ordering;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.junit.jupiter.api.Test;

/** Calls of an application during the run of a loop: pause, seek, and questions for its state. */
class ControlTest extends WithMockConsumer {

  private final List<Long> handled = Collections.synchronizedList(new ArrayList<>());

  /** reactor/reactor-kafka#237, #432: a rebalance clears or forgets paused partitions. */
  @Test
  void pauseOfTheApplicationOutlastsRebalances() throws Exception {
    var loop = builder().handler(record -> handled.add(record.offset())).build();
    assign(0, P0, P1);
    var running = start(loop, Context.background());
    await().until(() -> loop.health().state() == State.RUNNING);
    loop.pause(Set.of(P0));
    await().until(() -> mock.paused().equals(Set.of(P0)));
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(P1));
          mock.rebalance(List.of(P0, P1));
          mock.resume(mock.paused());
        });
    await().until(() -> mock.paused().equals(Set.of(P0)));
    assertThat(loop.paused()).containsExactly(P0);
    loop.resume(Set.of(P0));
    await().until(() -> mock.paused().isEmpty());
    mock.schedulePollTask(() -> add(P0, 0, 3));
    await().until(() -> handled.size() == 3);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void recordsThatWereFetchedBeforeThePauseWaitForItsEnd() throws Exception {
    assign(1000, P0);
    var gate = new CountDownLatch(1);
    var loop =
        builder()
            .concurrency(1)
            .buffer(500) // so that the partition is full
            .stuckAfter(Duration.ofMillis(400))
            .handler(
                record -> {
                  gate.await();
                  handled.add(record.offset());
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> Set.of(State.SLOW, State.STUCK).contains(loop.health().state()));
    loop.pause(Set.of(P0));
    gate.countDown();
    await().during(Duration.ofMillis(600)).until(() -> handled.size() < 30);
    await().until(() -> loop.health().isAlive()); // a pause by the application is no problem
    loop.resume(Set.of(P0));
    await().until(() -> handled.size() == 1000);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  /** spring-projects/spring-kafka#3019: a seek is skipped. */
  @Test
  void seekGoesBackAndTheCommitFollows() throws Exception {
    assign(0, P0);
    mock.schedulePollTask(() -> add(P0, 0, 100));
    var loop = builder().handler(record -> handled.add(record.offset())).build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 100);
    loop.seek(P0, 40);
    mock.schedulePollTask(() -> add(P0, 40, 60));
    await().until(() -> committed(P0) == 60);
    assertThat(handled).hasSize(120);
    assertThatThrownBy(() -> loop.seek(P1, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("orders-1");
    assertThatThrownBy(() -> loop.seek(P0, -1)).isInstanceOf(IllegalArgumentException.class);
    loop.drain(Duration.ofSeconds(5));
    running.get();
    assertThatThrownBy(() -> loop.seek(P0, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  /** Otherwise two records of a key would be handled at the same time. */
  @Test
  void nothingBeginsAfterASeekWhileAHandlerFromBeforeRuns() throws Exception {
    assign(0, P0);
    mock.schedulePollTask(() -> add(P0, 0, 10));
    var gate = new CountDownLatch(1);
    var started = new AtomicInteger();
    var loop =
        builder()
            .ordering(Ordering.KEY)
            .handler(
                record -> {
                  started.incrementAndGet();
                  gate.await();
                  handled.add(record.offset());
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> started.get() == 1);
    loop.seek(P0, 5);
    mock.schedulePollTask(() -> add(P0, 5, 10));
    await().during(Duration.ofMillis(200)).until(() -> started.get() == 1);
    gate.countDown();
    await().until(() -> committed(P0) == 10);
    assertThat(handled).containsExactly(0L, 5L, 6L, 7L, 8L, 9L);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void retentionThatPassedThePositionIsSaidAndNothingIsForgotten() throws Exception {
    assign(0, P0);
    mock.schedulePollTask(() -> add(P0, 0, 10));
    var gate = new CountDownLatch(1);
    var loop =
        builder()
            .handler(
                record -> {
                  gate.await();
                  handled.add(record.offset());
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> mock.position(P0) == 10);
    mock.schedulePollTask(
        () -> {
          mock.updateBeginningOffsets(Map.of(P0, 50L));
          mock.setPollException(new OffsetOutOfRangeException(Map.of(P0, 10L)));
        });
    mock.schedulePollTask(() -> {}); // the poll that throws
    mock.schedulePollTask(() -> add(P0, 50, 60));
    await().until(() -> !errors.isEmpty());
    assertThat(errors.getFirst())
        .hasMessageContaining("orders-0")
        .hasMessageContaining("40 offsets between were deleted");
    gate.countDown();
    await().until(() -> committed(P0) == 60);
    assertThat(handled).hasSize(20); // also the records that were fetched in time
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void logThatWasMadeAnewIsSaidAndReadFromItsBeginning() throws Exception {
    assign(0, P0);
    mock.schedulePollTask(() -> add(P0, 0, 10));
    var loop = builder().handler(record -> handled.add(record.offset())).build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 10);
    mock.schedulePollTask(
        () -> {
          mock.updateEndOffsets(Map.of(P0, 0L));
          mock.setPollException(new OffsetOutOfRangeException(Map.of(P0, 10L)));
        });
    mock.schedulePollTask(() -> {});
    await().until(() -> !errors.isEmpty());
    mock.schedulePollTask(() -> add(P0, 0, 5));
    await().until(() -> committed(P0) == 5);
    assertThat(errors.getFirst()).hasMessageContaining("created again");
    assertThat(handled).hasSize(15);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void policyNoneStopsTheLoopWhereThereIsNoPosition() {
    var properties = properties();
    properties.put("auto.offset.reset", "none");
    assign(0, P0);
    mock.schedulePollTask(() -> mock.setPollException(new NoOffsetForPartitionException(P0)));
    var loop = builder().properties(properties).handler(record -> {}).build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasCauseInstanceOf(NoOffsetForPartitionException.class);
    assertThat(loop.health().state()).isEqualTo(State.STOPPED);
    assertThat(loop.health().reason()).contains("orders-0");
  }

  @Test
  void healthTellsTheStatesApart() throws Exception {
    var first = new CountDownLatch(1);
    var loop =
        builder()
            .concurrency(1)
            .buffer(10)
            .stuckAfter(Duration.ofSeconds(4)) // long enough to see that it is slow before
            .retryForever(Backoff.fixed(Duration.ofMillis(10)))
            .handler(
                record -> {
                  if (record.offset() == 100) {
                    throw new IOException("the store is away");
                  }
                  first.await();
                })
            .build();
    assertThat(loop.health().state()).isEqualTo(State.STARTING);
    var running = start(loop, Context.background());
    await().until(() -> loop.health().reason().contains("not in its group"));
    assertThat(loop.health().isReady()).isFalse();
    assertThat(loop.health().isStarted()).isFalse();
    awaitStuck(loop, "not in its group"); // stuckAfter applies to the start as well
    assertThat(loop.health().isStarted()).isFalse();
    assign(0, P0);
    await().until(() -> loop.health().state() == State.RUNNING);
    mock.schedulePollTask(() -> add(P0, 0, 100));
    await().until(() -> loop.health().state() == State.SLOW);
    awaitStuck(loop, "orders-0 stands at offset 0", "handled");
    assertThat(loop.health().isAlive()).isFalse();
    first.countDown();
    await().until(() -> loop.health().state() == State.RUNNING);
    mock.schedulePollTask(() -> add(P0, 100, 101));
    awaitStuck(loop, "offset 100", "the store is away");
    loop.drain(Duration.ofSeconds(5));
    running.get();
    assertThat(loop.health().state()).isEqualTo(State.STOPPED);
  }
}
