package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopBreaker;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RateLimit;
import dev.millrace.kafka.RecordFailedException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** The knobs of a loop, before and while it runs, on any face. */
public abstract class TuningPromises extends WithLetters {

  private static final TopicPartition HOT = new TopicPartition("hot", 0);
  private static final Duration LONG = Duration.ofMinutes(1);

  private final AtomicInteger running = new AtomicInteger();
  private final Semaphore end = new Semaphore(0);
  private final List<String> begun = Collections.synchronizedList(new ArrayList<>());

  private void hold(String what) throws InterruptedException {
    begun.add(what);
    running.incrementAndGet();
    try {
      end.acquire();
    } finally {
      running.decrementAndGet();
    }
  }

  private void awaitRunning(int handlers) {
    await().untilAsserted(() -> assertThat(running).hasValue(handlers));
  }

  private static void awaitStill(AtomicInteger value, int expected) {
    await()
        .during(Duration.ofMillis(150))
        .untilAsserted(() -> assertThat(value).hasValue(expected));
  }

  @Test
  void concurrencyGoesUpAndDownWhileHandlersRun() throws Exception {
    assign(100, P0);
    Loop loop = handling(record -> hold(record.value())).concurrency(2).build();
    var ran = start(loop, Context.background());
    awaitRunning(2);
    assertThat(loop.status().concurrency()).isEqualTo(2);
    loop.concurrency(6);
    awaitRunning(6);
    loop.concurrency(1);
    assertThat(loop.status().concurrency()).isEqualTo(1);
    end.release(5); // the handlers that are too many finish, and are not replaced
    awaitRunning(1);
    awaitStill(running, 1);
    end.release(10); // one after the other
    await().until(() -> begun.size() == 16);
    awaitRunning(1);
    loop.concurrency(3);
    awaitRunning(3);
    end.release(1000);
    await().until(() -> committed(P0) == 100);
    drain(loop, ran);
    assertThatThrownBy(() -> loop.concurrency(0)).hasMessageContaining("at least 1");
  }

  @Test
  void theOrderIsKeptWhileConcurrencyChanges() throws Exception {
    assign(2000, P0, P1);
    List<Long> offsets = Collections.synchronizedList(new ArrayList<>());
    Loop loop =
        handling(
                record -> {
                  if (record.partition() == 0) {
                    offsets.add(record.offset());
                  }
                })
            .ordering(Ordering.PARTITION)
            .build();
    var ran = start(loop, Context.background());
    for (int i = 0; committed(P0) < 2000 || committed(P1) < 2000; i++) {
      loop.concurrency(1 + i % 8);
      Thread.yield();
    }
    drain(loop, ran);
    assertThat(offsets).hasSize(2000).isSorted();
  }

  @Test
  void theRateHoldsAndChanges() throws Exception {
    assign(1000, P0);
    var handled = new AtomicInteger();
    Loop loop =
        handling(record -> handled.incrementAndGet()).rateLimit(RateLimit.records(100)).build();
    long since = System.nanoTime();
    var ran = start(loop, Context.background());
    await().pollInterval(Duration.ofMillis(1)).until(() -> handled.get() >= 60);
    assertThat(System.nanoTime() - since).isGreaterThan(400_000_000L); // 50 after the first 10
    assertThat(loop.status().rateLimit()).isEqualTo(RateLimit.records(100));
    loop.rateLimit(RateLimit.NONE);
    await().until(() -> committed(P0) == 1000);
    assertThat(loop.status().rateLimit().isNone()).isTrue();
    drain(loop, ran);
  }

  @Test
  void aFasterRateCountsAtOnceAndTheEndWaitsForNone() throws Exception {
    assign(100, P0);
    var handled = new AtomicInteger();
    Loop loop =
        handling(record -> handled.incrementAndGet())
            .stuckAfter(Duration.ofHours(1))
            .rateLimit(RateLimit.records(0.002)) // one in 500 seconds
            .build();
    var ran = start(loop, Context.background());
    await().until(() -> handled.get() == 1);
    awaitStill(handled, 1);
    loop.rateLimit(RateLimit.records(1000));
    await().until(() -> handled.get() >= 50);
    loop.rateLimit(RateLimit.records(0.002));
    drain(loop, ran); // within 5 seconds
    assertThat(loop.health().state()).isEqualTo(Health.State.STOPPED);
  }

  @Test
  void theRateOfBytesHolds() throws Exception {
    assign(1000, P0);
    var handled = new AtomicInteger();
    Loop loop =
        handling(record -> handled.incrementAndGet())
            .rateLimit(RateLimit.bytes(1000)) // a record has about 200
            .build();
    var ran = start(loop, Context.background());
    await().until(() -> handled.get() >= 2);
    awaitAtMost(handled, 10);
    drain(loop, ran);
  }

  private static void awaitAtMost(AtomicInteger value, int most) {
    await().during(Duration.ofMillis(200)).until(() -> value.get() <= most);
  }

  @Test
  void aRetryCountsAgainstTheRate() throws Exception {
    assign(1, P0);
    var calls = new AtomicInteger();
    Loop loop =
        handling(
                record -> {
                  calls.incrementAndGet();
                  throw new IOException("always");
                })
            .retryForever(Backoff.none())
            .rateLimit(RateLimit.records(10))
            .build();
    var ran = start(loop, Context.background());
    await().until(() -> calls.get() >= 2);
    int before = calls.get();
    awaitAtMost(calls, before + 8);
    drain(loop, ran);
  }

  @Test
  void aRateThatWouldLookStuckIsRefused() {
    assertThatThrownBy(() -> handling(record -> {}).rateLimit(RateLimit.records(0.01)).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("less than 1 record within stuckAfter, PT1M");
    Loop loop = handling(record -> {}).build();
    assertThatThrownBy(() -> loop.rateLimit(RateLimit.records(0.01)))
        .hasMessageContaining("stuckAfter");
    assertThatThrownBy(() -> RateLimit.records(0)).hasMessageContaining("pause the loop");
  }

  @Test
  void aTopicUsesItsHandlersAndLeavesTheOthers() throws Exception {
    assign(50, HOT, P0);
    Loop loop =
        handling(record -> hold(record.topic()))
            .topics("hot", "orders")
            .concurrency(20)
            .topicConcurrency("hot", 2)
            .build();
    var ran = start(loop, Context.background());
    awaitRunning(20);
    assertThat(begun).filteredOn("hot"::equals).hasSize(2);
    end.release(200);
    await().until(() -> committed(HOT) == 50 && committed(P0) == 50);
    drain(loop, ran);
  }

  @Test
  void theRetriesOfATopicUseItsHandlersToo() throws Exception {
    assign(20, HOT, P0);
    var most = new AtomicInteger();
    var now = new AtomicInteger();
    Loop loop =
        handling(
                record -> {
                  if (record.topic().equals("orders")) {
                    return;
                  }
                  most.accumulateAndGet(now.incrementAndGet(), Math::max);
                  Thread.sleep(2); // a handler that takes some time; no synchronisation
                  now.decrementAndGet();
                  throw new IOException("hot");
                })
            .topics("hot", "orders")
            .concurrency(8)
            .topicConcurrency(2)
            .retry(4, SHORT)
            .deadLetters(letters::add)
            .build();
    var ran = start(loop, Context.background());
    await().until(() -> committed(HOT) == 20 && committed(P0) == 20);
    drain(loop, ran);
    assertThat(letters).hasSize(20);
    assertThat(most.get()).isBetween(1, 2);
  }

  @Test
  void aHigherTopicGoesFirstAndTheOthersDoNotStarve() throws Exception {
    assign(200, HOT, P0);
    var isFirst = new AtomicBoolean(true);
    Loop loop =
        handling(
                record -> {
                  if (isFirst.getAndSet(false)) {
                    end.acquire();
                    return;
                  }
                  begun.add(record.topic());
                })
            .topics("hot", "orders")
            .concurrency(1)
            .topicPriority("orders")
            .build();
    var ran = start(loop, Context.background());
    await().until(() -> loop.partitions().stream().mapToInt(one -> one.waiting()).sum() == 399);
    end.release();
    await().until(() -> committed(HOT) == 200 && committed(P0) == 200);
    drain(loop, ran);
    List<String> first = begun.subList(0, 200);
    assertThat(first).filteredOn("hot"::equals).hasSizeBetween(15, 25); // one of ten
    assertThat(begun.subList(230, begun.size())).containsOnly("hot");
  }

  @Test
  void anOpenBreakerSparesTheRecordsAndClosesAgain() throws Exception {
    assign(200, P0);
    var isDown = new AtomicBoolean(true);
    var calls = new AtomicInteger();
    Loop loop =
        handling(
                record -> {
                  calls.incrementAndGet();
                  if (isDown.get()) {
                    throw new IOException("the store is down");
                  }
                })
            .retry(1, Backoff.none())
            .deadLetters(letters::add)
            .breaker(
                LoopBreaker.when(e -> e instanceof IOException)
                    .failures(3)
                    .delay(Duration.ofMillis(30)))
            .stuckAfter(Duration.ofMillis(500))
            .build();
    var ran = start(loop, Context.background());
    await().until(() -> loop.health().state() == Health.State.SUSPENDED);
    assertThat(loop.health().isAlive()).isTrue();
    assertThat(loop.health().reason()).contains("the breaker is", "the store is down");
    int before = calls.get();
    await().until(() -> calls.get() >= before + 3); // one record tries, again and again
    await()
        .during(Duration.ofMillis(700)) // longer than stuckAfter
        .until(() -> loop.health().state() == Health.State.SUSPENDED);
    assertThat(letters).isEmpty();
    assertThat(committed(P0)).isLessThanOrEqualTo(0);
    isDown.set(false);
    await().until(() -> committed(P0) == 200);
    assertThat(loop.health().state()).isEqualTo(Health.State.RUNNING);
    assertThat(letters).isEmpty();
    assertThat(loop.status().recent())
        .filteredOn(LoopEvent.BreakerChanged.class::isInstance)
        .extracting(event -> ((LoopEvent.BreakerChanged) event).state())
        .startsWith(LoopBreaker.State.CLOSED, LoopBreaker.State.HALF_OPEN);
    drain(loop, ran);
  }

  @Test
  void theEndDoesNotWaitForAnOpenBreaker() throws Exception {
    assign(20, P0);
    Loop loop =
        poisoned()
            .breaker(LoopBreaker.when(e -> true).failures(1).delay(LONG))
            .deadLetters(letters::add)
            .build();
    var ran = start(loop, Context.background());
    await().until(() -> loop.health().state() == Health.State.SUSPENDED);
    drain(loop, ran);
    assertThat(letters).isEmpty();
    assertThat(lastCommits.getOrDefault(P0, 0L)).isZero();
  }

  @Test
  void aBreakerWhosePredicateThrowsStopsTheLoop() {
    assign(1, P0);
    Loop loop =
        poisoned()
            .breaker(
                LoopBreaker.when(
                    e -> {
                      throw new IllegalStateException("a bad rule");
                    }))
            .build();
    var ran = start(loop, Context.background());
    assertThatThrownBy(ran::get).hasStackTraceContaining("a bad rule");
    assertThat(errors).noneMatch(RecordFailedException.class::isInstance);
  }
}
