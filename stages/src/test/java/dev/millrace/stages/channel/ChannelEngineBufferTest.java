package dev.millrace.stages.channel;

import static dev.millrace.stages.channel.Pipes.MANY;
import static dev.millrace.stages.channel.Pipes.await;
import static dev.millrace.stages.channel.Pipes.none;
import static dev.millrace.stages.channel.Pipes.numbers;
import static dev.millrace.stages.channel.Pipes.pipe;
import static dev.millrace.stages.channel.Pipes.waitsFor;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Buffers, and stages that wait for time. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChannelEngineBufferTest {

  private final Observed observed = new Observed();

  // Buffer

  @Test
  void aBufferLetsTheSourceRunAheadByItsCapacity() throws Exception {
    var made = new AtomicInteger();
    var go = new CountDownLatch(1);
    var run =
        observed.start(
            Pipe.from(Source.generate(made::incrementAndGet))
                .buffer("ten", 10)
                .take("twenty", 20)
                .map("wait", waitsFor(go))
                .to(Sink.count()));
    // One element is in the function, and one waits for room. The buffer holds at most ten, and
    // more than five: a waiting source is woken when half of the buffer is free.
    Awaitility.await()
        .until(
            () ->
                run.report().stage("wait").inFlight() == 1
                    && run.report().stage("source").waitingForOutput().isPositive());
    assertThat(made.get()).isBetween(1 + 6 + 1, 1 + 10 + 1);
    assertThat(run.report().stage("ten").queued()).isBetween(6L, 10L);
    assertThat(run.report().balances()).isTrue();
    go.countDown();
    assertThat(observed.join(run)).isEqualTo(20);
  }

  @Test
  void aBufferOfOneHandsOverManyInTheirOrder() throws Exception {
    for (int capacity : new int[] {1, 2, 3, 7, 64, 100_000}) {
      assertThat(observed.run(pipe(MANY).buffer("apart", capacity).to(Sink.toList())))
          .isEqualTo(numbers(MANY));
    }
  }

  @Test
  void aBufferThatDropsTheNewestKeepsTheFirst() throws Exception {
    assertThat(dropping(Overflow.DROP_NEWEST)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void aBufferThatDropsTheOldestKeepsTheLast() throws Exception {
    assertThat(dropping(Overflow.DROP_OLDEST)).containsExactly(0, 97, 98, 99);
  }

  /** The first of a hundred elements is in the function until the last one has been emitted. */
  private List<Integer> dropping(Overflow overflow) throws Exception {
    var made = new CountDownLatch(1);
    var taken = new CountDownLatch(1);
    var run =
        observed.start(
            pipe(100)
                .tee(
                    "made",
                    n -> {
                      if (n == 1) {
                        await(taken);
                      }
                    })
                .buffer("three", 3, overflow)
                .tee(
                    "taken",
                    n -> {
                      taken.countDown();
                      await(made);
                    })
                .to(Sink.toList()));
    Awaitility.await().until(() -> run.report().stage("three").received() == 100);
    assertThat(run.report().stage("three").queued()).isEqualTo(3);
    made.countDown();
    List<Integer> result = observed.join(run);
    assertThat(run.report().stage("three").dropped()).isEqualTo(96);
    return result;
  }

  // Time

  @Test
  void aBatchIsEmittedWhenItsTimeHasPassed() throws Exception {
    var emitted = new CountDownLatch(1);
    var source = new AtomicInteger();
    List<List<Integer>> result =
        observed.run(
            Pipe.from(
                    Source.generate(
                        () -> {
                          int n = source.getAndIncrement();
                          if (n == 3) {
                            await(emitted);
                            return none();
                          }
                          return n;
                        }))
                .batch("batch", 100, Duration.ofMillis(5))
                .tee(
                    "emitted",
                    batch -> {
                      if (batch.getLast() == 2) {
                        emitted.countDown();
                      }
                    })
                .to(Sink.toList()));
    assertThat(result.stream().flatMap(List::stream)).containsExactly(0, 1, 2);
  }

  @Test
  void aThrottleIsNotFasterThanItsRate() throws Exception {
    long start = System.nanoTime();
    observed.run(pipe(11).throttle("slow", 1, Duration.ofMillis(10)).to(Sink.count()));
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isGreaterThanOrEqualTo(Duration.ofMillis(100));
  }

  @Test
  void aDebounceEmitsTheLastOfAGroup() throws Exception {
    var run = observed.start(pipe(100).debounce("quiet", Duration.ofMillis(1)).to(Sink.toList()));
    assertThat(observed.join(run)).endsWith(99);
    var quiet = run.report().stage("quiet");
    assertThat(quiet.received()).isEqualTo(100);
    assertThat(quiet.dropped() + quiet.emitted()).isEqualTo(100);
  }
}
