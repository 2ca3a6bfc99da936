package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetter;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Handlers in loops without a broker. */
@Timeout(60)
class LoopTrialTest {

  private static final TopicPartition P0 = new TopicPartition(TrialTopic.NAME, 0);

  private final Set<String> saved = ConcurrentHashMap.newKeySet();

  private LoopTrial.Setup<String, String> setup(boolean onReactor) {
    LoopTrial.Setup<String, String> setup = LoopTrial.of(order -> saved.add(order.value()));
    return onReactor ? setup.onReactor() : setup;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void membersThatComeGoAndCrashLoseNothing(boolean onReactor) throws Exception {
    try (var trial = setup(onReactor).partitions(4).start()) {
      trial.join();
      add(trial, 0, 200);
      trial.join();
      add(trial, 200, 400);
      trial.rebalance();
      trial.crash();
      add(trial, 400, 600);
      trial.join();
      trial.leave();
      trial.rebalance();
      add(trial, 600, 700);
      trial.verify();
    }
    assertThat(saved).hasSize(700);
  }

  private static void add(LoopTrial<String, String> trial, int from, int to) {
    for (int i = from; i < to; i++) {
      trial.add("customer-" + i % 10, "order " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void recordInTheHandlerOfACrashedMemberComesAgain(boolean onReactor) throws Exception {
    var begun = new CountDownLatch(1);
    var calls = new AtomicInteger();
    LoopTrial.Setup<String, String> setup =
        LoopTrial.of(
            order -> {
              if (calls.incrementAndGet() == 1) {
                begun.countDown();
                new CountDownLatch(1).await(); // until the crash
              }
              saved.add(order.value());
            });
    try (var trial = (onReactor ? setup.onReactor() : setup).partitions(1).start()) {
      trial.join();
      trial.add("customer", "order");
      begun.await();
      trial.crash();
      trial.join();
      trial.verify();
    }
    assertThat(calls).hasValue(2);
    assertThat(saved).containsExactly("order");
  }

  @Test
  void failuresAreRetriedAndThenBuried() throws Exception {
    var setup =
        LoopTrial.of(
                new StringDeserializer(),
                new LongDeserializer(),
                order -> {
                  if (order.value() == 1) {
                    throw new IllegalStateException("no such customer");
                  }
                  saved.add("" + order.value());
                })
            .partitions(1)
            .ordering(Ordering.PARTITION)
            .settings(loop -> loop.retry(3, Backoff.fixed(Duration.ofMillis(1))));
    try (var trial = setup.start()) {
      trial.join();
      for (byte i = 0; i < 3; i++) {
        trial.add(0, new byte[] {'k'}, new byte[] {0, 0, 0, 0, 0, 0, 0, i});
      }
      trial.add(0, new byte[] {'k'}, new byte[] {1}); // not a long
      trial.verify();
      assertThat(trial.deadLetters())
          .extracting(DeadLetter::stage)
          .containsExactly(DeadLetter.HANDLE, DeadLetter.DESERIALIZE);
      assertThat(trial.deadLetters().getFirst().attempts()).isEqualTo(3);
    }
    assertThat(saved).containsExactlyInAnyOrder("0", "2");
  }

  @Test
  void handlerThatNeverReturnsIsToldWithTheStateOfItsPartition() throws Exception {
    var entered = new CountDownLatch(1);
    LoopTrial.Setup<String, String> setup =
        LoopTrial.of(
            order -> {
              entered.countDown();
              new CountDownLatch(1).await();
            });
    try (var trial = setup.partitions(1).patience(Duration.ofMillis(500)).start()) {
      trial.join();
      trial.add("customer", "order");
      entered.await();
      assertThatThrownBy(trial::verify)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("not all records are committed: p0 of w1: committed")
          .hasMessageContaining("of 1");
    }
  }

  @Test
  void commitBeforeTheHandlerHasEndedBreaksAnInvariant() {
    var topic = topic();
    topic.add(0, new byte[0], new byte[0], "k");
    topic.owner(P0, "w1");
    topic.event("w1", Event.Kind.ASSIGNED, 0, -1, 1, "", "");
    topic.event("w1", Event.Kind.START, 0, 0, -1, "k", "");
    topic.commit("w1", Map.of(P0, new OffsetAndMetadata(1)));
    assertThat(topic.violations())
        .extracting(Violation::invariant)
        .containsExactly(Invariant.COMMIT_BEHIND_WORK);
  }

  @Test
  void memberCannotCommitForOthers() {
    var topic = topic();
    topic.owner(P0, "w2");
    assertThatThrownBy(() -> topic.commit("w1", Map.of(P0, new OffsetAndMetadata(0))))
        .isInstanceOf(CommitFailedException.class);
  }

  @Test
  void commitThatIsUnderWayDiesWithItsMember() {
    var topic = topic();
    topic.add(0, new byte[0], new byte[0], "k");
    topic.owner(P0, "w1");
    topic.event("w1", Event.Kind.ASSIGNED, 0, -1, 1, "", "");
    topic.event("w1", Event.Kind.START, 0, 0, -1, "k", "");
    topic.event("w1", Event.Kind.END, 0, 0, -1, "k", "");
    topic.kill("w1");
    assertThatThrownBy(() -> topic.commit("w1", Map.of(P0, new OffsetAndMetadata(1))))
        .isInstanceOf(TimeoutException.class);
    assertThat(topic.violations()).isEmpty();
    assertThat(topic.committed()).isEmpty();
  }

  private static TrialTopic topic() {
    var bounds =
        new Bounds(
            Guarantee.AT_LEAST_ONCE,
            Ordering.KEY,
            Ordering.PARTITION,
            0,
            false,
            1,
            1,
            1,
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ZERO,
            0,
            0,
            false,
            false,
            EnumSet.allOf(Invariant.class));
    var ledger = new Ledger(Plan.Contents.PLAIN, 0, bounds.outputs());
    return new TrialTopic(1, new Oracle(bounds, LogLookup.KEEPS_ALL, ledger));
  }

  @Test
  void threadsEndWithTheTrial() throws Exception {
    try (var trial = setup(false).start()) {
      trial.join();
      add(trial, 0, 10);
      trial.crash();
      trial.verify();
    }
    await()
        .untilAsserted(
            () ->
                assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.startsWith("trial-")));
  }

  @Test
  void storiesWithoutMembersOrPartitionsAreRefused() throws Exception {
    assertThatIllegalArgumentException().isThrownBy(() -> setup(false).partitions(0));
    try (var trial = setup(false).start()) {
      assertThatIllegalStateException()
          .isThrownBy(trial::crash)
          .withMessage("there is no member: call join() before");
      assertThatThrownBy(() -> trial.add(2, new byte[0], new byte[0]))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThat(List.of(trial.deadLetters())).containsExactly(List.of());
    }
  }
}
