package dev.millrace.stages.channel;

import static dev.millrace.stages.channel.Pipes.MANY;
import static dev.millrace.stages.channel.Pipes.await;
import static dev.millrace.stages.channel.Pipes.numbers;
import static dev.millrace.stages.channel.Pipes.pipe;
import static dev.millrace.stages.channel.Pipes.waitsFor;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Functions for many elements at once. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChannelEngineParallelTest {

  private final Observed observed = new Observed();

  @Test
  void aParallelStageKeepsTheOrder() throws Exception {
    assertThat(observed.run(pipe(MANY).mapParallel("half", 8, n -> n / 2).to(Sink.toList())))
        .isEqualTo(IntStream.range(0, MANY).map(n -> n / 2).boxed().toList());
  }

  /** A wake-up that overlaps with the next wait must not make the next wait endless. */
  @Test
  void manyShortRunsOfAParallelStageAllEnd() throws Exception {
    for (int i = 0; i < 10_000; i++) {
      assertThat(observed.run(pipe(20).mapParallel("same", 3, n -> n).to(Sink.count())))
          .isEqualTo(20);
    }
  }

  @Test
  void anUnorderedParallelStageEmitsWhatIsReady() throws Exception {
    var go = new CountDownLatch(1);
    var seen = new AtomicInteger();
    List<Integer> result =
        observed.run(
            pipe(10)
                .mapParallelUnordered(
                    "wait",
                    2,
                    n -> {
                      if (n == 0) {
                        await(go);
                      }
                      return n;
                    })
                .tee(
                    "seen",
                    n -> {
                      if (seen.incrementAndGet() == 9) {
                        go.countDown();
                      }
                    })
                .to(Sink.toList()));
    assertThat(result).containsExactlyInAnyOrderElementsOf(numbers(10)).endsWith(0);
  }

  @Test
  void asManyFunctionsRunAtOnceAsWantedAndNoMore() throws Exception {
    var barrier = new CyclicBarrier(8);
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    observed.run(
        pipe(800)
            .mapParallel(
                "meet",
                8,
                observed.seen(
                    n -> {
                      most.accumulateAndGet(running.incrementAndGet(), Math::max);
                      barrier.await(50, TimeUnit.SECONDS);
                      running.decrementAndGet();
                      return n;
                    }))
            .to(Sink.count()));
    assertThat(most).hasValue(8);
    assertThat(observed.threads()).isEqualTo(8);
  }

  @Test
  void aParallelStageHasABoundedNumberOfElementsInside() throws Exception {
    var go = new CountDownLatch(1);
    var made = new AtomicInteger();
    var run =
        observed.start(
            Pipe.from(Source.generate(made::incrementAndGet))
                .mapParallel("wait", 4, waitsFor(go))
                .take("hundred", 100)
                .to(Sink.count()));
    Awaitility.await().until(() -> run.report().stage("source").waitingForOutput().isPositive());
    assertThat(made).hasValue(64 + 1);
    go.countDown();
    assertThat(observed.join(run)).isEqualTo(100);
  }

  @Test
  void elementsOfAKeyKeepTheirOrderAndNeverRunTogether() throws Exception {
    Map<Integer, Integer> last = new ConcurrentHashMap<>();
    Set<Integer> running = ConcurrentHashMap.newKeySet();
    List<Integer> result =
        observed.run(
            pipe(MANY)
                .mapKeyed(
                    "keyed",
                    4,
                    n -> n % 100,
                    n -> {
                      assertThat(running.add(n % 100)).isTrue();
                      Integer before = last.put(n % 100, n);
                      assertThat(before == null || before < n).isTrue();
                      Thread.yield();
                      running.remove(n % 100);
                      return n;
                    })
                .to(Sink.toList()));
    assertThat(result.stream().sorted().toList()).isEqualTo(numbers(MANY));
    for (int key = 0; key < 100; key++) {
      int of = key;
      assertThat(result.stream().filter(n -> n % 100 == of)).isSorted();
    }
  }

  // reactor-core#596, #3443: more groups than the consumer's concurrency hang
  @Test
  void moreKeysThanWorkersDoNotHang() throws Exception {
    assertThat(observed.run(pipe(MANY).mapKeyed("keyed", 2, n -> n, n -> n).to(Sink.count())))
        .isEqualTo(MANY);
  }

  @Test
  void keysOfManyElementsDoNotHoldUpTheWorkers() throws Exception {
    var go = new CountDownLatch(1);
    // Key 0 waits until all other keys are done: they need the other worker.
    List<Integer> result =
        observed.run(
            pipe(10)
                .mapKeyed(
                    "keyed",
                    2,
                    n -> n < 5 ? 0 : n,
                    n -> {
                      if (n == 0) {
                        await(go);
                      } else if (n == 9) {
                        go.countDown();
                      }
                      return n;
                    })
                .to(Sink.toList()));
    assertThat(result.stream().filter(n -> n < 5)).containsExactly(0, 1, 2, 3, 4);
    assertThat(result).hasSize(10);
  }

  @Test
  void anAsynchronousStageKeepsTheOrder() throws Exception {
    assertThat(
            observed.run(
                pipe(1000)
                    .mapAsync("later", 8, n -> CompletableFuture.supplyAsync(() -> n + 1))
                    .to(Sink.toList())))
        .isEqualTo(IntStream.rangeClosed(1, 1000).boxed().toList());
  }
}
