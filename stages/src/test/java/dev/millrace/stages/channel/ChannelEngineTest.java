package dev.millrace.stages.channel;

import static dev.millrace.stages.channel.Pipes.endless;
import static dev.millrace.stages.channel.Pipes.pipe;
import static dev.millrace.stages.channel.Pipes.waitsFor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageReport;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The common behaviour of runs on channels: sequential stages, values of the context, reports. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChannelEngineTest {

  private final Observed observed = new Observed();

  @Test
  void theEngineIsFoundByItsName() {
    assertThat(Engine.channels()).isInstanceOf(ChannelEngine.class);
  }

  // Sequential

  @Test
  void stagesThatFollowEachOtherRunInOneThread() throws Exception {
    List<Integer> result =
        observed.run(
            pipe(100)
                .map("add", observed.seen(n -> n + 1))
                .filter("even", observed.seen(n -> n % 2 == 0))
                .flatMap("twice", observed.seen(n -> List.of(n, n)))
                .to(Sink.toList()));
    assertThat(result)
        .isEqualTo(
            IntStream.rangeClosed(1, 100)
                .filter(n -> n % 2 == 0)
                .boxed()
                .flatMap(n -> Stream.of(n, n))
                .toList());
    assertThat(observed.threads()).isEqualTo(1);
  }

  @Test
  void countsWhatEveryStageHasDone() throws Exception {
    Run<Long> run =
        observed.start(
            pipe(100)
                .filter("third", n -> n % 3 == 0)
                .flatMap("twice", n -> List.of(n, n))
                .batch("pairs", 2)
                .to(Sink.count()));
    assertThat(observed.join(run)).isEqualTo(34);
    assertThat(run.report().stages())
        .extracting(StageReport::name)
        .containsExactly("source", "third", "twice", "pairs", "sink");
    assertThat(run.report().stage("source").emitted()).isEqualTo(100);
    assertThat(run.report().stage("third").received()).isEqualTo(100);
    assertThat(run.report().stage("third").dropped()).isEqualTo(66);
    assertThat(run.report().stage("twice").received()).isEqualTo(34);
    assertThat(run.report().stage("twice").emitted()).isEqualTo(68);
    assertThat(run.report().stage("pairs").emitted()).isEqualTo(34);
    assertThat(run.report().stage("sink").processed()).isEqualTo(34);
  }

  @Test
  void takeEndsAnEndlessSourceAndTakesNoneTooMany() throws Exception {
    var asked = new AtomicInteger();
    var run =
        observed.start(
            Pipe.from(Source.generate(asked::incrementAndGet)).take("three", 3).to(Sink.toList()));
    assertThat(observed.join(run)).containsExactly(1, 2, 3);
    assertThat(asked).hasValue(3);
    assertThat(run.report().stage("three").received()).isEqualTo(3);
  }

  @Test
  void takeOfNoneDoesNotAskTheSource() throws Exception {
    var asked = new AtomicInteger();
    assertThat(
            observed.run(
                Pipe.from(Source.generate(asked::incrementAndGet))
                    .take("none", 0)
                    .to(Sink.toList())))
        .isEmpty();
    assertThat(asked).hasValue(0);
  }

  @Test
  void whatAStageKeepsIsEmittedAtTheEnd() throws Exception {
    assertThat(observed.run(pipe(7).batch("threes", 3).to(Sink.toList())))
        .containsExactly(List.of(0, 1, 2), List.of(3, 4, 5), List.of(6));
  }

  @Test
  void aTakeInTheMiddleLetsWhatComesBeforeItFinish() throws Exception {
    assertThat(
            observed.run(
                Pipe.from(Source.generate(() -> 1))
                    .take("five", 5)
                    .batch("pairs", 2)
                    .take("three", 3)
                    .to(Sink.toList())))
        .containsExactly(List.of(1, 1), List.of(1, 1), List.of(1));
  }

  @Test
  void theFirstElementEndsTheRun() throws Exception {
    var endless = Pipe.from(Source.generate(() -> 1));
    assertThat(observed.run(endless.buffer("apart", 4).to(Sink.first()))).isEqualTo(Optional.of(1));
    assertThat(observed.run(pipe(0).to(Sink.first()))).isEmpty();
  }

  @Test
  void aSinkMayHaveNoResult() throws Exception {
    Sink<Integer, Void> sink =
        context ->
            new Sink.Receiver<>() {
              @Override
              public boolean accept(Integer element) {
                return true;
              }

              @Override
              @SuppressWarnings("NullAway") // Void has no other value
              public Void finish() {
                return null;
              }
            };
    assertThat(observed.<Object>run(cast(pipe(3).to(sink)))).isNull();
  }

  @SuppressWarnings("unchecked")
  private static dev.millrace.pipeline.Pipeline<Object> cast(
      dev.millrace.pipeline.Pipeline<?> pipeline) {
    return (dev.millrace.pipeline.Pipeline<Object>) pipeline;
  }

  @Test
  void aStageThatEmitsNullStopsTheRun() {
    Supplier<Transform<Integer, Integer>> nulls =
        () ->
            (element, out) -> {
              emitNull(out);
              return Transform.Outcome.USED;
            };
    assertThatThrownBy(() -> observed.run(pipe(1).via("nulls", nulls).to(Sink.count())))
        .hasRootCauseInstanceOf(NullPointerException.class);
  }

  @SuppressWarnings("NullAway") // passes null on purpose
  private static void emitNull(Emitter<?> out) {
    out.emit(null);
  }

  @Test
  void aPipeMayBeLong() throws Exception {
    Pipe<Integer> pipe = pipe(100);
    for (int i = 0; i < 10_000; i++) {
      pipe = pipe.map("add" + i, n -> n + 1);
    }
    assertThat(observed.run(pipe.to(Sink.toList())))
        .isEqualTo(IntStream.range(10_000, 10_100).boxed().toList());
  }

  @Test
  void aPipelineCanBeStartedAgain() throws Exception {
    var pipeline = pipe(10).distinct("new", n -> n).to(Sink.count());
    assertThat(observed.run(pipeline)).isEqualTo(10);
    assertThat(observed.run(pipeline)).isEqualTo(10);
  }

  // Values of the context

  @Test
  void valuesOfTheContextAreReadableInEveryFunction() throws Exception {
    Context.Key<String> key = Context.Key.of("user");
    Set<String> seen = ConcurrentHashMap.newKeySet();
    AtomicInteger missing = new AtomicInteger();
    Runnable read =
        () -> {
          String value = Context.current().value(key);
          if (value == null) {
            missing.incrementAndGet();
          } else {
            seen.add(value);
          }
        };
    Source<Integer> source =
        context -> {
          read.run();
          var left = new AtomicInteger(10);
          return () -> {
            read.run();
            int n = left.getAndDecrement();
            return n > 0 ? n : null;
          };
        };
    var pipeline =
        Pipe.from(source)
            .map("map", read(read))
            .mapParallel("parallel", 3, read(read))
            .mapKeyed("keyed", 3, n -> readAndReturn(read, n), read(read))
            .partitionBy(
                "spread", n -> readAndReturn(read, n), 2, lane -> lane.map("lane", read(read)))
            .batch("batch", 3, Duration.ofMillis(1))
            .to(Sink.forEach(n -> read.run()));
    try (var run =
        pipeline.start(new ChannelEngine(), Context.background().withValue(key, "anna"))) {
      run.join();
    }
    assertThat(missing).hasValue(0);
    assertThat(seen).containsExactly("anna");
  }

  private static <T> dev.millrace.pipeline.StageFunction<T, T> read(Runnable read) {
    return element -> readAndReturn(read, element);
  }

  private static <T> T readAndReturn(Runnable read, T element) {
    read.run();
    return element;
  }

  // Reports

  @Test
  void aStuckRunSaysWhichStageWaitsForWhat() throws Exception {
    var go = new CountDownLatch(1);
    var run =
        observed.start(
            Pipe.from(Source.generate(() -> 1))
                .map("before", n -> n)
                .buffer("apart", 2)
                .map("stuck", waitsFor(go))
                .take("one", 1)
                .to(Sink.count()));
    Awaitility.await().until(() -> run.report().stage("before").waitingForOutput().isPositive());
    assertThat(run.explain())
        .contains("source: waits for 'before' to take an element, for ")
        .contains("before: waits for 'apart' to take an element, for ")
        .containsPattern("stuck: runs its function, .*at " + Pipes.class.getName());
    go.countDown();
    assertThat(observed.join(run)).isEqualTo(1);
    assertThat(run.explain()).contains("stuck: ended");
  }

  @Test
  void aReportBalancesWhileTheRunGoesOn() throws Exception {
    var run =
        observed.start(
            pipe(400_000)
                .map("map", n -> n)
                .buffer("apart", 16)
                .mapParallelUnordered("parallel", 3, n -> n)
                .partitionBy("by", n -> n, 2, lane -> lane.filter("odd", n -> n % 2 == 1))
                .to(Sink.count()));
    int reports = 0;
    while (!run.isDone()) {
      var report = run.report();
      assertThat(report.balances()).as(report::toString).isTrue();
      reports++;
    }
    assertThat(observed.join(run)).isEqualTo(200_000);
    assertThat(reports).isPositive();
  }
}
