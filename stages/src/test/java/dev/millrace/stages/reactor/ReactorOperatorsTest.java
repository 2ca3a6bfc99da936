package dev.millrace.stages.reactor;

import static dev.millrace.stages.reactor.Runs.numbers;
import static dev.millrace.stages.reactor.Runs.run;
import static dev.millrace.stages.reactor.Runs.stop;
import static dev.millrace.stages.reactor.Runs.upTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each kind of node: its values, their order, and its counts. */
@Timeout(60)
class ReactorOperatorsTest {

  @AfterEach
  void noThreadIsLeft() {
    Leaks.check();
  }

  // Sequential

  @Test
  void sequentialStagesKeepTheOrder() throws Exception {
    var pipe = numbers(1000).map("double", x -> 2 * x).filter("fours", x -> x % 4 == 0);
    assertThat(run(pipe.to(Sink.toList()))).isEqualTo(upTo(500).stream().map(x -> 4 * x).toList());
  }

  /** 2,907 mappings in one call overflowed a stack. */
  @Test
  void aPipeMayBeLong() throws Exception {
    Pipe<Integer> pipe = numbers(100);
    for (int i = 0; i < 10_000; i++) {
      pipe = pipe.map("add" + i, n -> n + 1);
    }
    assertThat(run(pipe.to(Sink.toList())))
        .isEqualTo(upTo(100).stream().map(n -> n + 10_000).toList());
  }

  @Test
  void emptySourceGivesAnEmptyResult() throws Exception {
    assertThat(run(numbers(0).mapParallel("id", 2, x -> x).to(Sink.toList()))).isEmpty();
  }

  @Test
  void aPipelineMayBeStartedAgain() throws Exception {
    var pipeline = numbers(10).scan("sums", () -> 0, Integer::sum).to(Sink.toList());
    assertThat(run(pipeline)).isEqualTo(run(pipeline)).endsWith(55);
  }

  @Test
  void takeStopsASourceThatNeverEnds() throws Exception {
    var counter = new AtomicInteger();
    Pipe<Integer> endless = Pipe.from(Source.generate(counter::incrementAndGet));
    assertThat(run(endless.take("three", 3).to(Sink.toList()))).containsExactly(1, 2, 3);
    assertThat(counter).hasValue(3);
  }

  @Test
  void takeStopsAFunctionThatEmitsForEver() throws Exception {
    Pipe<Integer> endless =
        numbers(1).flatMap("endless", x -> () -> Stream.iterate(x, y -> y + 1).iterator());
    assertThat(run(endless.take("three", 3).to(Sink.toList()))).containsExactly(1, 2, 3);
  }

  @Test
  void takeNothingDoesNotOpenTheSource() throws Exception {
    var opened = new AtomicInteger();
    Source<Integer> source =
        context -> {
          opened.incrementAndGet();
          return () -> 1;
        };
    assertThat(run(Pipe.from(source).take("none", 0).to(Sink.toList()))).isEmpty();
    assertThat(opened).hasValue(0);
  }

  @Test
  void takeNothingAfterAnotherThreadStopsThatToo() throws Exception {
    var counter = new AtomicInteger();
    Pipe<Integer> endless = Pipe.from(Source.generate(counter::incrementAndGet));
    var pipe = endless.mapParallel("id", 2, x -> x).take("none", 0);
    assertThat(run(pipe.to(Sink.toList()))).isEmpty();
  }

  @Test
  void takeInterruptsTheFunctionsBeforeItThatNobodyWaitsFor() throws Exception {
    var interrupted = new CountDownLatch(3);
    var running = new CountDownLatch(3);
    var pipe =
        numbers(4)
            .mapParallelUnordered(
                "slow",
                4,
                x -> {
                  if (x == 4) {
                    running.await();
                    return x;
                  }
                  return stop(x, running, interrupted);
                })
            .take("one", 1);
    assertThat(run(pipe.to(Sink.toList()))).containsExactly(4);
    assertThat(interrupted.getCount()).isZero();
  }

  @Test
  void takeInterruptsAKeyFunctionAndTheRestOfTheRunGoesOn() throws Exception {
    var running = new CountDownLatch(1);
    var interrupted = new CountDownLatch(1);
    var keyed =
        numbers(2)
            .mapKeyed(
                "keyed",
                2,
                x -> {
                  if (x == 2) {
                    running.countDown();
                    try {
                      new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                      interrupted.countDown();
                      throw new IllegalStateException(e);
                    }
                  }
                  return x;
                },
                x -> {
                  running.await();
                  return x;
                })
            .take("one", 1);
    var other =
        numbers("other", 1)
            .map(
                "wait",
                x -> {
                  interrupted.await();
                  return x;
                });
    assertThat(run(Pipe.merge("merge", List.of(keyed, other)).to(Sink.toList())))
        .containsExactly(1, 1);
  }

  @Test
  void firstEndsTheRun() throws Exception {
    Pipe<Integer> endless = Pipe.from(Source.generate(() -> 7));
    assertThat(run(endless.mapParallel("id", 4, x -> x).to(Sink.first())))
        .isEqualTo(Optional.of(7));
  }

  @Test
  void batchesAndWindowsEmitWhatIsLeft() throws Exception {
    assertThat(run(numbers(5).batch("twos", 2).to(Sink.toList())))
        .containsExactly(List.of(1, 2), List.of(3, 4), List.of(5));
    assertThat(run(numbers(5).window("threes", 3, 1).to(Sink.toList())))
        .containsExactly(List.of(1, 2, 3), List.of(2, 3, 4), List.of(3, 4, 5));
  }

  // Parallel

  @Test
  void mapParallelRunsThatManyAtOnceAndKeepsTheOrder() throws Exception {
    var all = new CyclicBarrier(8); // each element waits for seven others
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    var pipe =
        numbers(400)
            .mapParallel(
                "meet",
                8,
                x -> {
                  most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                  all.await();
                  inside.decrementAndGet();
                  return x;
                });
    assertThat(run(pipe.to(Sink.toList()))).isEqualTo(upTo(400));
    assertThat(most).hasValue(8);
  }

  @Test
  void mapParallelUnorderedEmitsWhatIsReady() throws Exception {
    var rest = new CountDownLatch(9);
    var pipe =
        numbers(10)
            .mapParallelUnordered(
                "map",
                2,
                x -> {
                  if (x == 1) {
                    rest.await();
                  }
                  return x;
                })
            .tee("count", x -> rest.countDown());
    assertThat(run(pipe.to(Sink.toList()))).endsWith(1).hasSize(10);
  }

  @Test
  void mapKeyedKeepsTheOrderOfEachKeyWhateverTheirNumber() throws Exception {
    Map<Integer, AtomicInteger> inside = new ConcurrentHashMap<>();
    Set<Integer> together = ConcurrentHashMap.newKeySet();
    int keys = 5000; // a number of keys with which Reactor's groupBy would hang
    Map<Integer, List<Integer>> seen = new ConcurrentHashMap<>();
    var pipe =
        numbers(4 * keys)
            .mapKeyed(
                "keyed",
                16,
                x -> x % keys,
                x -> {
                  var current = inside.computeIfAbsent(x % keys, k -> new AtomicInteger());
                  if (current.incrementAndGet() > 1) {
                    together.add(x % keys);
                  }
                  current.decrementAndGet();
                  return x;
                });
    run(pipe.to(Sink.forEach(x -> seen.computeIfAbsent(x % keys, k -> new ArrayList<>()).add(x))));
    assertThat(together).isEmpty();
    assertThat(seen).hasSize(keys).allSatisfy((k, xs) -> assertThat(xs).hasSize(4).isSorted());
  }

  @Test
  void resultsOfOneKeyStayInOrderBehindASlowStage() throws Exception {
    Map<Integer, List<Integer>> seen = new ConcurrentHashMap<>();
    var pipe =
        numbers(20_000)
            .mapKeyed("keyed", 8, x -> x % 3, x -> x)
            .tee(
                "slow",
                x -> {
                  if (x % 50 == 0) {
                    Thread.yield();
                  }
                });
    run(pipe.to(Sink.forEach(x -> seen.computeIfAbsent(x % 3, k -> new ArrayList<>()).add(x))));
    assertThat(seen).hasSize(3).allSatisfy((k, xs) -> assertThat(xs).isSorted());
  }

  @Test
  void oneHotKeyRunsAloneAndEnds() throws Exception {
    assertThat(run(numbers(1000).mapKeyed("hot", 4, x -> "one", x -> x).to(Sink.toList())))
        .isEqualTo(upTo(1000));
  }

  @Test
  void mapAsyncWaitsForTheStage() throws Exception {
    var pipe = numbers(100).mapAsync("async", 4, x -> CompletableFuture.supplyAsync(() -> -x));
    assertThat(run(pipe.to(Sink.toList()))).isEqualTo(upTo(100).stream().map(x -> -x).toList());
  }

  // Buffers

  @Test
  void bufferLetsTheSourceRunAheadByItsCapacityOnly() throws Exception {
    var read = new AtomicInteger();
    var open = new CountDownLatch(1);
    var pipe =
        Pipe.from(Source.generate(() -> read.get() == 100 ? null : read.incrementAndGet()))
            .buffer("buffer", 10)
            .tee("gate", x -> open.await());
    try (Run<Long> run = pipe.to(Sink.count()).start(Runs.ENGINE, Context.background())) {
      await().until(() -> run.report().stage("source").waitingForOutput().isPositive());
      assertThat(read.get())
          .isBetween(11, 12); // ten elements wait, one is at the gate, one at the buffer
      open.countDown();
      assertThat(run.join()).isEqualTo(100);
      Runs.assertBalanced(run);
    }
  }

  @Test
  void fullBufferDropsTheNewestOrTheOldest() throws Exception {
    assertThat(overflow(Overflow.DROP_NEWEST)).containsExactly(1, 2, 3, 4);
    assertThat(overflow(Overflow.DROP_OLDEST)).containsExactly(1, 8, 9, 10);
  }

  private static List<Integer> overflow(Overflow overflow) throws Exception {
    Channel<Integer> in = Channel.rendezvous();
    var busy = new CountDownLatch(1);
    var open = new CountDownLatch(1);
    var pipe =
        Pipe.from(Source.channel(in))
            .buffer("buffer", 3, overflow)
            .tee(
                "gate",
                x -> {
                  busy.countDown();
                  open.await();
                });
    try (var run = pipe.to(Sink.toList()).start(Runs.ENGINE, Context.background())) {
      in.send(1);
      busy.await();
      for (int i = 2; i <= 10; i++) {
        in.send(i);
      }
      in.close();
      await().until(() -> run.report().stage("buffer").dropped() == 6);
      open.countDown();
      List<Integer> result = run.join();
      Runs.assertBalanced(run);
      StageReport buffer = run.report().stage("buffer");
      assertThat(buffer.received()).isEqualTo(10);
      assertThat(buffer.processed()).isEqualTo(4);
      assertThat(buffer.dropped()).isEqualTo(6);
      return result;
    }
  }

  // Time

  @Test
  void batchIsEmittedWhenItsTimeHasCome() throws Exception {
    Channel<Integer> in = Channel.rendezvous();
    Channel<List<Integer>> out = Channel.buffered(10);
    var pipe = Pipe.from(Source.channel(in)).batch("batch", 100, Duration.ofMillis(50));
    try (var run = pipe.to(Sink.channel(out)).start(Runs.ENGINE, Context.background())) {
      in.send(1);
      in.send(2);
      List<Integer> elements = new ArrayList<>();
      while (elements.size() < 2) {
        elements.addAll(out.receive());
      }
      assertThat(elements).containsExactly(1, 2);
      in.close();
      run.join();
      Runs.assertBalanced(run);
    }
  }

  @Test
  void throttleKeepsItsRate() throws Exception {
    long start = System.nanoTime();
    var pipe = numbers(25).throttle("throttle", 5, Duration.ofMillis(100));
    assertThat(run(pipe.to(Sink.toList()))).isEqualTo(upTo(25));
    assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(380));
  }

  @Test
  void debounceEmitsTheLastElementOfABurst() throws Exception {
    var pipe = numbers(100).debounce("debounce", Duration.ofMillis(500)).map("id", x -> x);
    assertThat(run(pipe.to(Sink.toList()))).endsWith(100).hasSizeLessThan(50);
  }

  // Sinks

  @Test
  void channelSinkSlowsTheRunAndClosesTheChannel() throws Exception {
    Channel<Integer> out = Channel.rendezvous();
    var pipeline = numbers(1000).mapParallel("id", 4, x -> x).to(Sink.channel(out));
    try (Run<Long> run = pipeline.start(Runs.ENGINE, Context.background())) {
      List<Integer> received = new ArrayList<>();
      for (Integer x; (x = out.receiveOrNull()) != null; ) {
        received.add(x);
      }
      assertThat(received).isEqualTo(upTo(1000));
      assertThat(run.join()).isEqualTo(1000);
      Runs.assertBalanced(run);
    }
  }

  @Test
  void sourceIsClosedOnceAfterItsLastElement() throws Exception {
    var closed = new AtomicInteger();
    Source<Integer> source =
        context ->
            new Source.Cursor<>() {
              private int next;

              @Override
              public Integer next() {
                assertThat(closed).hasValue(0);
                return ++next;
              }

              @Override
              public void close() {
                closed.incrementAndGet();
              }
            };
    run(Pipe.from(source).mapParallel("id", 2, x -> x).take("ten", 10).to(Sink.count()));
    assertThat(closed).hasValue(1);
  }
}
