package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.share.ShareLoop;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A share group with a real broker: acknowledgements, renewals, members that come and go. */
class ShareLoopIT extends WithShareGroups {

  @Test
  void eachRecordIsHandledOnceAndAccepted() throws Exception {
    produce(0, 500);
    Running first = start(shareLoop().handler(this::began).build());
    await().until(() -> handled.size() == 500);
    first.drain();
    assertThat(first.loop().status().figures().settled()).isEqualTo(500);
    produce(500, 501);
    Running second = start(shareLoop().handler(this::began).build());
    await().until(() -> handled.size() == 501);
    second.drain();
    assertThat(repeated()).isZero();
    assertThat(errors).isEmpty();
  }

  /** A renewal for a partition that the group moves meanwhile may be refused. */
  @Test
  void renewalKeepsTheRecordOfASlowHandler() throws Exception {
    topic += "-one"; // each member has it
    createTopic(topic, 1);
    produceTo(0, null, 0, 1);
    Running one =
        start(
            shareLoop()
                .handler(
                    record -> {
                      began(record);
                      Thread.sleep(LOCK.multipliedBy(3)); // longer than a lock of the broker
                    })
                .build());
    await().until(() -> delivered.size() == 1);
    Running other = start(shareLoop().handler(this::began).build());
    await().until(() -> isRunning(other));
    await()
        .atMost(LOCK.multipliedBy(12))
        .until(() -> one.loop().status().figures().settled() == 1 || !errors.isEmpty());
    assertThat(errors).isEmpty(); // such as a refused renewal
    other.drain();
    one.drain();
    assertThat(deliveriesOf("value-0")).containsExactly(1);
  }

  @Test
  void releasedRecordsComeAgainWithTheirCountAndThenBecomeLetters() throws Exception {
    String letters = topic + "-dead";
    createTopic(letters, 1);
    produce(0, 3);
    Running run =
        start(
            shareLoop()
                .redeliver(3)
                .deadLetterTopic(letters)
                .handler(
                    record -> {
                      began(record);
                      throw new IllegalStateException("it fails");
                    })
                .build());
    await().until(() -> run.loop().status().figures().deadLetters() == 3);
    run.drain();
    assertThat(deliveriesOf("value-0")).containsExactly(1, 2, 3);
    assertThat(delivered).hasSize(9);
    Running later = start(shareLoop().handler(this::began).build());
    produce(3, 4);
    await().until(() -> values().contains("value-3"));
    later.drain();
    assertThat(delivered).hasSize(10); // the letters' records were accepted
  }

  /** Kafka's client may fetch the next batch too early, and its locks end meanwhile. */
  @Test
  void recordsBehindASlowOneAreHandledOnce() throws Exception {
    produce(0, 1);
    Running run =
        start(
            shareLoop()
                .lookAhead(1)
                .handler(
                    record -> {
                      began(record);
                      if (record.value().equals("value-0")) {
                        Thread.sleep(LOCK.multipliedBy(2)); // longer than a lock of the broker
                      }
                    })
                .build());
    await().until(() -> delivered.size() == 1);
    produce(1, 20);
    await().until(() -> handled.size() == 20);
    run.drain();
    assertThat(repeated()).isZero();
  }

  @Test
  void redeliverAboveTheLimitOfTheGroupIsRefusedAtTheStart() throws Exception {
    var loop = shareLoop().redeliver(6).handler(this::began).build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasMessageContaining("redeliver(6) is above 'share.delivery.count.limit'")
        .hasMessageContaining("5");
  }

  @Test
  void rejectedRecordsAreArchived() throws Exception {
    produce(0, 2);
    Running run =
        start(
            shareLoop()
                .rejectFailed()
                .handler(
                    record -> {
                      began(record);
                      throw new IllegalStateException("it fails");
                    })
                .build());
    await().until(() -> run.loop().status().figures().settled() == 2);
    run.drain();
    produce(2, 3);
    Running later = start(shareLoop().handler(this::began).build());
    await().until(() -> values().contains("value-2"));
    later.drain();
    assertThat(delivered).hasSize(3);
  }

  @Test
  void membersShareOnePartition() throws Exception {
    topic += "-one"; // with more partitions than members, each partition belongs to one member
    createTopic(topic, 1);
    var both = new CountDownLatch(2);
    Running one = start(sharing(both));
    Running two = start(sharing(both));
    await().until(() -> isRunning(one) && isRunning(two));
    produceTo(0, null, 0, 20);
    await().until(() -> handled.size() == 20);
    one.drain();
    two.drain();
    assertThat(repeated()).isZero();
  }

  /** A member whose handlers wait until each member has a record. */
  private ShareLoop<String, String> sharing(CountDownLatch both) {
    var isFirst = new AtomicBoolean(true);
    return shareLoop()
        .lookAhead(3)
        .handler(
            record -> {
              if (isFirst.getAndSet(false)) {
                both.countDown();
              }
              both.await();
              began(record);
            })
        .build();
  }

  private static boolean isRunning(Running one) {
    return one.loop().health().state() == Health.State.RUNNING;
  }

  @Test
  void drainAcknowledgesWhatRanAndGivesTheRestToOthersAtOnce() throws Exception {
    produce(0, 20);
    var started = new CountDownLatch(2);
    var gate = new CountDownLatch(1);
    Running one =
        start(
            shareLoop()
                .concurrency(2)
                .handler(
                    record -> {
                      began(record);
                      started.countDown();
                      gate.await();
                    })
                .build());
    started.await();
    var draining =
        new FutureTask<>(
            () -> {
              one.drain();
              return "drained";
            });
    Thread.ofVirtual().start(draining);
    await().until(() -> one.loop().health().state() == Health.State.CLOSING);
    gate.countDown();
    assertThat(draining.get()).isEqualTo("drained");
    int first = handled.size();
    Running other = start(shareLoop().handler(this::began).build());
    await().until(() -> handled.size() == 20);
    other.drain();
    assertThat(first).isLessThan(20);
    assertThat(repeated()).isZero();
    assertThat(delivered).allMatch(each -> each.delivery() <= 2);
  }

  @Test
  void aMissingLetterTopicKeepsTheRecordUntilTheTopicIsThere() throws Exception {
    String letters = topic + "-dead";
    produce(0, 1);
    Running run =
        start(
            shareLoop()
                .deadLetterTopic(letters)
                .deadLetterBackoff(Backoff.fixed(Duration.ofMillis(200)))
                .producerProperties(Map.of("max.block.ms", 1000))
                .handler(
                    record -> {
                      began(record);
                      throw new IllegalStateException("it fails");
                    })
                .build());
    await().until(() -> run.loop().status().figures().failures().get("dead-letter") >= 3);
    assertThat(run.loop().status().figures().settled()).isZero();
    createTopic(letters, 1);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> run.loop().status().figures().settled() == 1);
    run.drain();
    assertThat(deliveriesOf("value-0")).containsExactly(1); // the lock was renewed meanwhile
  }

  @Test
  void concurrencyAndLookAheadHold() throws Exception {
    produce(0, 300);
    var together = new CountDownLatch(4);
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    Running run =
        start(
            shareLoop()
                .concurrency(4)
                .lookAhead(10)
                .handler(
                    record -> {
                      most.accumulateAndGet(running.incrementAndGet(), Math::max);
                      together.countDown();
                      together.await(); // the first handlers wait for each other
                      began(record);
                      running.decrementAndGet();
                    })
                .build());
    var held = new AtomicInteger();
    await()
        .pollInterval(Duration.ofMillis(2))
        .until(
            () -> {
              int now =
                  run.loop().partitions().stream()
                      .mapToInt(one -> one.inFlight() + one.waiting())
                      .sum();
              held.accumulateAndGet(now, Math::max);
              return handled.size() == 300;
            });
    run.drain();
    assertThat(most).hasValue(4);
    assertThat(held).hasValueBetween(4, 10);
  }

  @Test
  void aGroupOfAnotherKindEndsTheLoop() throws Exception {
    Running classic = start(builder(Map.of()).build());
    await().until(() -> isRunning(classic));
    var loop = shareLoop().handler(this::began).build();
    assertThatThrownBy(() -> loop.run(Context.background())).isInstanceOf(ExecutionException.class);
    classic.drain();
  }

  @Test
  void recordsOfAKilledMemberComeAgainWhenTheirLocksEnd() throws Exception {
    // One partition, so that the first batch has them all: the handlers let no second one come.
    produceTo(0, null, 0, 10);
    try (var member = ShareMemberProcess.start(shareProperties(), topic)) {
      member.awaitHeld(10);
      member.kill();
    }
    Running run = start(shareLoop().handler(this::began).build());
    await().until(() -> handled.size() == 10);
    run.drain();
    assertThat(delivered).allMatch(one -> one.delivery() == 2);
  }
}
