package dev.millrace.kafka.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.Health.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.kafka.receiver.ReceiverOptions;
import reactor.kafka.receiver.ReceiverPartition;
import reactor.test.StepVerifier;

/** Known defects of Reactor Kafka that this face must not have. */
class ReactorKafkaDefectsTest extends WithMockReceiver {

  private final AtomicInteger handled = new AtomicInteger();

  private Mono<Integer> count() {
    return Mono.fromCallable(handled::incrementAndGet);
  }

  /**
   * reactor/reactor-kafka#237: a rebalance clears the pause, and the heap fills; #259, #304: a
   * partition that was paused in a rebalance stays paused for ever.
   */
  @Test
  void partitionThatIsFullStaysPausedInARebalanceAndGoesOnAfterIt() {
    assign(0, P0, P1);
    Sinks.Empty<Void> gate = Sinks.empty();
    var loop =
        reactive()
            .buffer(10)
            .revokeTimeout(Duration.ofMillis(10))
            .handler(record -> gate.asMono().then(count()))
            .build();
    mock.schedulePollTask(() -> add(P0, 0, 100));
    var running = start(loop);
    await().until(() -> mock.paused().equals(Set.of(P0)));
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(P1));
          mock.rebalance(List.of(P0, P1));
          add(P0, 0, 100);
        });
    await().until(() -> mock.paused().equals(Set.of(P0)));
    assertThat(loop.health().state()).isEqualTo(State.SLOW);
    gate.tryEmitEmpty();
    await().until(() -> committed(P0) == 100 && mock.paused().isEmpty());
    drain(loop);
    running.verify();
  }

  /** reactor/reactor-kafka#432: a cooperative rebalance forgets the pauses of the application. */
  @Test
  void pauseOfTheApplicationOutlastsRebalances() {
    assign(0, P0, P1);
    var loop = reactive().handler(record -> count()).build();
    var running = start(loop);
    await().until(() -> loop.health().state() == State.RUNNING);
    loop.pause(Set.of(P0));
    await().until(() -> mock.paused().equals(Set.of(P0)));
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(P1));
          mock.rebalance(List.of(P0, P1));
        });
    await().until(() -> mock.assignment().size() == 2 && mock.paused().equals(Set.of(P0)));
    loop.resume(Set.of(P0));
    await().until(() -> mock.paused().isEmpty());
    mock.schedulePollTask(() -> add(P0, 0, 3));
    await().until(() -> handled.get() == 3);
    drain(loop);
    running.verify();
  }

  /** reactor/reactor-kafka#304: paused for ever when a commit was repeated. */
  @Test
  void commitThatFailsIsRepeatedAndNothingIsPausedForIt() {
    var failing = new FailingCommits();
    failing.schedulePollTask(
        () -> {
          failing.rebalance(List.of(P0));
          failing.updateBeginningOffsets(Map.of(P0, 0L));
          for (int i = 0; i < 10; i++) {
            failing.addRecord(record(P0, i));
          }
        });
    var loop = reactive().factory(all -> failing).handler(record -> count()).build();
    var running = start(loop);
    await().until(() -> errors.size() >= 3);
    assertThat(failing.paused()).isEmpty();
    failing.schedulePollTask(() -> failing.addRecord(record(P0, 10)));
    await().until(() -> handled.get() == 11);
    failing.fail = false;
    await().until(() -> failing.committed(Set.of(P0)).get(P0) != null);
    drain(loop);
    running.verify();
  }

  /** Refuses commits for some time. */
  private static final class FailingCommits extends MockConsumer<byte[], byte[]> {
    private volatile boolean fail = true;

    FailingCommits() {
      super("earliest");
    }

    @Override
    public synchronized void commitAsync(
        Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
      if (fail) {
        callback.onComplete(offsets, new RetriableCommitFailedException("a rebalance"));
      } else {
        super.commitAsync(offsets, callback);
      }
    }
  }

  /** reactor/reactor-kafka#386: a slow consumer stops for good. */
  @Test
  void slowHandlersArePolledBesideAndGoOn() {
    assign(200, P0);
    var polls = new AtomicInteger();
    var loop =
        reactive()
            .buffer(5)
            .concurrency(1)
            .handler(record -> Mono.delay(Duration.ofMillis(3)).then(count()))
            .build();
    var running = start(loop);
    for (int i = 0; i < 20; i++) {
      mock.schedulePollTask(polls::incrementAndGet);
    }
    await().until(() -> polls.get() == 20);
    assertThat(handled.get()).isLessThan(200); // it polls while records are handled
    await().until(() -> committed(P0) == 200);
    drain(loop);
    running.verify();
  }

  /** reactor/reactor-kafka#51, #378: there is no graceful stop. */
  @Test
  void drainLetsWhatRunsFinishAndCommitsIt() {
    assign(100, P0);
    Sinks.Empty<Void> gate = Sinks.empty();
    var loop =
        reactive()
            .commitInterval(Duration.ofHours(1))
            .handler(record -> gate.asMono().publishOn(Schedulers.parallel()).then(count()))
            .build();
    var running = start(loop);
    await()
        .until(() -> !loop.partitions().isEmpty() && loop.partitions().getFirst().inFlight() == 4);
    var drained =
        StepVerifier.create(loop.drained(Duration.ofSeconds(20))).expectComplete().verifyLater();
    gate.tryEmitEmpty();
    drained.verify(Duration.ofSeconds(10));
    running.verify();
    assertThat(handled).hasValue(4);
    assertThat(lastCommits).containsEntry(P0, 4L);
  }

  /** reactor/reactor-kafka#299: the cost of an acknowledgement grows with their number. */
  @Test
  void settlingCostsTheSameHoweverManyWait() {
    int all = 50_000;
    assign(all, P0);
    Sinks.Empty<Void> first = Sinks.empty();
    var loop =
        reactive()
            .lookAhead(2 * all)
            .lookAheadBytes(Long.MAX_VALUE)
            .commitInterval(Duration.ofSeconds(1))
            .metadataLimit(0)
            .handler(record -> record.offset() == 0 ? first.asMono() : count())
            .build();
    var running = start(loop);
    await().atMost(Duration.ofSeconds(30)).until(() -> handled.get() == all - 1);
    first.tryEmitEmpty();
    await().atMost(Duration.ofSeconds(30)).until(() -> committed(P0) == all);
    drain(loop);
    running.verify();
  }

  @Test
  void listenersOfTheReceiverAreTold() {
    assign(10, P0);
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    ReceiverOptions<String, String> options =
        ReceiverOptions.<String, String>create(properties())
            .subscription(List.of("orders"))
            .addAssignListener(names -> told.add("assigned " + names(names)))
            .addRevokeListener(
                names -> told.add("revoked " + names(names) + " at " + lastCommits.get(P0)));
    var loop =
        ReactorKafkaLoop.<String, String>builder()
            .receiverOptions(options)
            .commitInterval(Duration.ofHours(1))
            .factory(all -> mock)
            .handler(record -> count())
            .build();
    var running = start(loop);
    await().until(() -> handled.get() == 10);
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(P1));
          mock.updateBeginningOffsets(Map.of(P1, 0L));
        });
    await().until(() -> told.size() == 3);
    assertThat(told)
        .containsExactly("assigned [orders-0]", "revoked [orders-0] at 10", "assigned [orders-1]");
    drain(loop);
    running.verify();
  }

  private static List<TopicPartition> names(Iterable<ReceiverPartition> partitions) {
    List<TopicPartition> names = new ArrayList<>();
    partitions.forEach(one -> names.add(one.topicPartition()));
    return names;
  }
}
