package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.ClusterProblemException;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.reactor.ReactorLoops;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Health on both faces, and loops that start paused. */
class HealthTest extends WithMockConsumer {

  private final AtomicInteger handled = new AtomicInteger();

  private LoopBuilder<String, String, ?> loop(String face) {
    return face.equals("reactor")
        ? ReactorLoops.counting(mock, errors, handled)
        : builder().handler(record -> handled.incrementAndGet());
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void loopThatIsBuiltPausedHandlesNothingUntilItIsResumed(String face) throws Exception {
    Loop loop = loop(face).startPaused().build();
    var running = start(loop, Context.background());
    assign(5, P0, P1);
    await().until(() -> loop.paused().equals(Set.of(P0, P1)));
    await().until(() -> mock.paused().equals(Set.of(P0, P1)));
    assertThat(loop.health().state()).isEqualTo(State.RUNNING);
    assertThat(handled).hasValue(0);
    loop.resume(Set.of(P0));
    await().until(() -> handled.get() == 5);
    assertThat(loop.paused()).containsExactly(P1);
    loop.resumeAll();
    await().until(() -> handled.get() == 10);
    loop.pauseAll();
    assertThat(loop.paused()).containsExactlyInAnyOrder(P0, P1);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void loopThatIsBuiltWithSomePartitionsPausedHandlesTheOthers(String face) throws Exception {
    Loop loop = loop(face).startPaused(Set.of(P1)).build();
    assertThat(loop.paused()).containsExactly(P1);
    var running = start(loop, Context.background());
    assign(5, P0, P1);
    await().until(() -> handled.get() == 5);
    loop.resume(Set.of(P1));
    await().until(() -> handled.get() == 10);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void pauseBeforeTheRunHolds(String face) throws Exception {
    Loop loop = loop(face).build();
    loop.pauseAll();
    var running = start(loop, Context.background());
    assign(5, P0);
    await().until(() -> mock.paused().equals(Set.of(P0)));
    assertThat(handled).hasValue(0);
    loop.resumeAll();
    await().until(() -> handled.get() == 5);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void loopThatDrainsIsAliveAndNotReady(String face) throws Exception {
    var handling = new CountDownLatch(1);
    var gate = new CountDownLatch(1);
    RecordHandler<String, String> waits =
        record -> {
          handling.countDown();
          gate.await();
        };
    Loop loop =
        face.equals("reactor")
            ? ReactorLoops.blocking(mock, errors, waits).build()
            : builder().handler(waits).build();
    var running = start(loop, Context.background());
    assign(1, P0);
    handling.await();
    var drain =
        new FutureTask<Void>(
            () -> {
              loop.drain(Duration.ofSeconds(30));
              return null;
            });
    Thread.ofPlatform().start(drain);
    await().until(() -> loop.health().state() == State.CLOSING);
    assertThat(loop.health().reason())
        .isEqualTo("it closes, and waits for the handler of 1 record");
    assertThat(loop.health().isAlive()).isTrue();
    assertThat(loop.health().isReady()).isFalse();
    assertThat(loop.health().isStarted()).isTrue();
    gate.countDown();
    drain.get();
    assertThat(loop.health().state()).isEqualTo(State.STOPPED);
    running.get();
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void lagAboveTheLimitIsNotReadyButAlive(String face) throws Exception {
    Loop loop = loop(face).lagLimit(100).startPaused().build();
    var running = start(loop, Context.background());
    mock.schedulePollTask(
        () -> {
          mock.rebalance(Set.of(P0));
          mock.updateBeginningOffsets(Map.of(P0, 0L));
          mock.updateEndOffsets(Map.of(P0, 101L));
        });
    await().until(() -> loop.health().state() == State.BEHIND);
    assertThat(loop.health().reason()).contains("orders-0 has 101");
    assertThat(loop.health().isReady()).isFalse();
    assertThat(loop.health().isAlive()).isTrue();
    mock.schedulePollTask(() -> mock.updateEndOffsets(Map.of(P0, 100L)));
    await().until(() -> loop.health().isReady());
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void refusedRightsAreWaitedForAndToldOnceInTheirInterval(String face) throws Exception {
    LoopBuilder<String, String, ?> builder = loop(face);
    Loop loop = builder.awaitRights(Duration.ofHours(1)).build();
    for (int i = 0; i < 3; i++) {
      refuse(new TopicAuthorizationException(Set.of("orders")));
      refuse(new GroupAuthorizationException("test"));
    }
    var running = start(loop, Context.background());
    await().until(() -> loop.health().reason().contains("a right is refused"));
    assertThat(loop.health().state()).isEqualTo(State.STARTING);
    assign(5, P0);
    await().until(() -> handled.get() == 5);
    assertThat(errors)
        .filteredOn(AuthorizationException.class::isInstance)
        .hasExactlyElementsOfTypes(
            TopicAuthorizationException.class, GroupAuthorizationException.class);
    assertThat(loop.status().recent()).anyMatch(event -> event.text().contains("orders"));
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
  }

  private void refuse(KafkaException refusal) {
    mock.schedulePollTask(() -> mock.setPollException(refusal));
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void refusedRightEndsTheLoopByDefault(String face) {
    Loop loop = loop(face).build();
    refuse(new GroupAuthorizationException("test"));
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasRootCauseInstanceOf(GroupAuthorizationException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void unknownHostIsNamed(String face) throws Exception {
    LoopBuilder<String, String, ?> builder = loop(face);
    Map<String, Object> properties = properties();
    properties.put("bootstrap.servers", "localhost:1,missing.invalid:9092");
    builder.properties(properties);
    builder.stuckAfter(Duration.ofMillis(500));
    Loop loop = builder.build();
    var running = start(loop, Context.background());
    await()
        .until(() -> loop.health().reason().contains("missing.invalid:9092 (the host is unknown)"));
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  /** The addresses of a broker that does not listen. */
  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void startThatTakesTooLongIsToldWithWhatIsMissing(String face) throws Exception {
    LoopBuilder<String, String, ?> builder = loop(face);
    builder.stuckAfter(Duration.ofMillis(500));
    Loop loop = builder.build();
    var running = start(loop, Context.background());
    await().until(() -> errors.stream().anyMatch(ClusterProblemException.class::isInstance));
    awaitStuck(loop, "not in its group", "localhost:1 (Connection refused)");
    assertThat(loop.health().isStarted()).isFalse();
    assertThat(loop.status().recent()).anyMatch(event -> event.text().contains("localhost:1"));
    assign(1, new TopicPartition("orders", 0));
    await().until(() -> loop.health().state() == State.RUNNING);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }
}
