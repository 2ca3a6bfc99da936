package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.Front;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.RecordFailedException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The status and the events of a loop. */
class LoopStatusTest extends WithMockConsumer {

  @Test
  void statusTellsWhatWaitsForWhat() throws Exception {
    assign(10, P1, P0);
    var gate = new CountDownLatch(1);
    var properties = properties();
    properties.put("client.id", "till-3");
    var loop =
        builder()
            .properties(properties)
            .ordering(Ordering.PARTITION)
            .handler(
                record -> {
                  if (record.partition() == 0 && record.offset() == 4) {
                    gate.await();
                  }
                })
            .build();
    assertThat(loop.status().health().state()).isEqualTo(State.STARTING);
    var running = start(loop, Context.background());
    await().until(() -> loop.status().figures().settled() == 14);
    await().until(() -> loop.status().partitions().getFirst().inFlight() == 1);
    LoopStatus status = loop.status();
    assertThat(status.group()).isEqualTo("test");
    assertThat(status.clientId()).isEqualTo("till-3");
    assertThat(status.topics()).containsExactly("orders");
    assertThat(status.concurrency()).isEqualTo(4);
    assertThat(status.health().state()).isEqualTo(State.RUNNING);
    assertThat(status.partitions()).extracting(PartitionStatus::partition).containsExactly(P0, P1);
    PartitionStatus standing = status.partitions().getFirst();
    assertThat(standing.inFlight()).isEqualTo(1);
    assertThat(standing.waiting()).isEqualTo(5);
    Front front = Objects.requireNonNull(standing.front());
    assertThat(front.offset()).isEqualTo(4);
    assertThat(front.why()).isEqualTo("it is being handled");
    assertThat(status.partitions().getLast().front()).isNull();
    gate.countDown();
    await().until(() -> loop.status().figures().settled() == 20);
    assertThat(loop.status().figures().settleLatency().count()).isEqualTo(20);
    loop.drain(Duration.ofSeconds(5));
    running.get();
    assertThat(loop.status().health().state()).isEqualTo(State.STOPPED);
  }

  @Test
  void figuresCountWhatHasHappened() throws Exception {
    assign(3, P0);
    var tries = new AtomicInteger();
    var others = new AtomicInteger();
    var loop =
        builder()
            .observer(
                new ConsumerObserver() {
                  @Override
                  public void rebalanced(String group, Notification change) {
                    others.incrementAndGet();
                  }
                })
            .retry(2, Backoff.none())
            .deadLetters(letter -> {})
            .handler(
                record -> {
                  if (record.offset() == 1) {
                    throw new IOException("attempt " + tries.incrementAndGet());
                  }
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 3);
    await()
        .untilAsserted( // the count follows the commit
            () -> {
              var figures = loop.status().figures();
              assertThat(figures.settled()).isEqualTo(3);
              assertThat(figures.handled()).isEqualTo(2);
              assertThat(figures.failures())
                  .isEqualTo(
                      Map.of("handle", 2L, "fetch", 0L, "deserialize", 0L, "dead-letter", 0L));
              assertThat(figures.retries()).isEqualTo(1);
              assertThat(figures.deadLetters()).isEqualTo(1);
              assertThat(figures.rebalances()).isEqualTo(1);
              assertThat(figures.commits()).isPositive();
              assertThat(figures.commitFailures()).isZero();
            });
    assertThat(others).hasValue(1); // the application's observer is also called
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void eventsAreAChannelAsWell() throws Exception {
    assign(1, P0);
    var tries = new AtomicInteger();
    var loop =
        builder()
            .retry(2, Backoff.none())
            .handler(
                record -> {
                  if (tries.incrementAndGet() == 1) {
                    throw new IOException("away");
                  }
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 1);
    await().until(() -> loop.status().recent().size() == 2);
    loop.drain(Duration.ofSeconds(5));
    running.get();
    var events = new ArrayList<LoopEvent>();
    loop.events().forEach(events::add); // until it is closed
    assertThat(events).hasSizeGreaterThanOrEqualTo(2);
    assertThat(events)
        .anySatisfy(
            event -> {
              assertThat(event).isInstanceOf(LoopEvent.Rebalanced.class);
              assertThat(event.text()).contains("claimed [orders-0], released [], 1 partition now");
            })
        .anySatisfy(
            event -> {
              assertThat(event).isInstanceOf(LoopEvent.Failed.class);
              assertThat(((LoopEvent.Failed) event).failure())
                  .isInstanceOf(RecordFailedException.class);
              assertThat(event.text()).contains("orders-0 at offset 0 failed", "away");
            });
    assertThat(loop.status().recent()).containsAll(events);
  }

  @Test
  void eventsThatNobodyReceivesKeepNobodyWaiting() throws Exception {
    assign(1, P0);
    var tries = new AtomicInteger();
    var loop =
        builder()
            .retryForever(Backoff.none())
            .handler(
                record -> {
                  if (tries.incrementAndGet() <= 3000) {
                    throw new IOException("away");
                  }
                })
            .build();
    var events = loop.events();
    var running = start(loop, Context.background());
    await().atMost(Duration.ofSeconds(30)).until(() -> committed(P0) == 1);
    await().until(() -> events.size() == 1000);
    await().during(Duration.ofMillis(100)).until(() -> events.size() == 1000);
    assertThat(loop.status().recent()).hasSize(LoopStatus.RECENT);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void eventsOfALoopThatNeverRanEnd() throws Exception {
    var loop = builder().handler(record -> {}).build();
    loop.drain(Duration.ofSeconds(1));
    assertThat(loop.events().receiveOrNull()).isNull();
  }
}
