package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageReport;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The report of a run is right at any time. */
abstract class ReportConformance extends Theme {

  @Test
  void reportIsUpToDateWhileTheRunGoesOn() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    var trial =
        start(
            Pipe.from(Source.channel(channel))
                .filter("filter", x -> x % 2 == 0)
                .map("map", x -> x == 4 ? raise(new IOException("boom")) : x)
                .to(Sink.count()));
    for (int i = 1; i <= 6; i++) {
      channel.send(i);
    }
    await("the last element", () -> trial.run().report().stage("sink").processed() == 2);
    RunReport report = trial.run().report();
    assertThat(report.done()).isFalse();
    assertThat(report.elapsed()).isPositive();
    assertThat(report.stage("source").emitted()).isEqualTo(6);
    assertThat(report.stage("filter").received()).isEqualTo(6);
    assertThat(report.stage("filter").dropped()).isEqualTo(3);
    assertThat(report.stage("map").failed()).isEqualTo(1);
    assertThat(report.stage("map").emitted()).isEqualTo(2);
    assertThat(trial.run().isDone()).isFalse();
    channel.close();
    assertThat(trial.end().wholeResult()).isEqualTo(2);
  }

  @Test
  void everyReportOfARunningRunBalances() {
    var trial =
        start(
            Pipe.from(Numbers.below(2_000))
                .map("a", x -> x)
                .mapParallelUnordered("b", 3, x -> x)
                .partitionBy("c", x -> x, 2, lane -> lane.filter("d", x -> x % 2 == 0))
                .buffer("e", 8)
                .mapParallel("f", 2, x -> x)
                .batch("g", 10)
                .to(Sink.count()));
    while (!trial.run().isDone()) {
      RunReport report = trial.run().report();
      for (StageReport stage : report.stages()) {
        assertThat(stage.balances()).as("%s", stage).isTrue();
      }
    }
    assertThat(trial.end().wholeResult()).isEqualTo(100);
  }

  @Test
  void stagesAreReportedFromTheStart() {
    var seen = new CountDownLatch(1);
    var pipeline =
        Pipe.from(Numbers.below(3))
            .map(
                "map",
                x -> {
                  await(seen);
                  return x;
                })
            .balance("balance", 2, lane -> lane.map("inside", x -> x))
            .to(Sink.count());
    var trial = start(pipeline);
    List<String> names = trial.run().report().stages().stream().map(StageReport::name).toList();
    seen.countDown();
    trial.end();
    assertThat(names)
        .containsExactlyInAnyOrder("source", "map", "balance", "balance/lane", "inside", "sink")
        .startsWith("source")
        .endsWith("sink");
  }

  /**
   * The report names the stage that does not continue. The defect elsewhere: akka-core#27509, a
   * stream that hangs without naming the stage.
   */
  @ParameterizedTest
  @EnumSource
  void stuckRunSaysWhoseFunctionDoesNotReturn(Site site) {
    var running = new CountDownLatch(1);
    var released = new CountDownLatch(1);
    var pipe =
        site.addTo(
            Pipe.from(Numbers.below(1_000)).buffer("buffer", 1),
            x -> {
              running.countDown();
              await(released);
              return x;
            });
    var trial = start(pipe.to(Sink.count()));
    await(running);
    await(
        "the wait of the source",
        () ->
            trial
                .run()
                .explain()
                .lines()
                .anyMatch(line -> line.matches("source: waits for .* to take an element, for .*")));
    assertThat(trial.run().explain())
        .containsPattern(
            "(?m)^"
                + Pattern.quote(Site.NAME)
                + ": runs (its|[1234]) function"); // with the key of the next element
    assertThat(trial.run().report().stage(Site.NAME).inFlight()).isPositive();
    released.countDown();
    assertThat(trial.end().result()).isEqualTo(1_000);
  }

  @Test
  void runThatHasNothingToDoSaysSo() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    var trial = start(Pipe.from(Source.channel(channel)).buffer("buffer", 4).to(Sink.count()));
    await(
        "the wait of the sink",
        () -> trial.run().explain().contains("sink: waits for an element, for "));
    channel.close();
    trial.end();
    assertThat(trial.run().explain()).contains("sink: ended");
  }

  @Test
  void queueIsReported() {
    var running = new CountDownLatch(1);
    var released = new CountDownLatch(1);
    var pipe = Pipe.from(Numbers.below(1_000)).buffer("buffer", 50);
    var trial =
        start(
            pipe.to(
                Sink.forEach(
                    x -> {
                      running.countDown();
                      await(released);
                    })));
    await(running);
    await(
        "a full buffer",
        () -> {
          var buffer = trial.run().report().stage("buffer");
          return buffer.queued() + buffer.inFlight() >= 49;
        });
    released.countDown();
    assertThat(trial.end().wholeResult()).isEqualTo(1_000);
  }

  @Test
  void graphIsDrawnWithItsFigures() {
    var pipeline = Pipe.from(Numbers.below(7)).map("map", x -> x).to(Sink.count());
    var trial = start(pipeline);
    assertThat(pipeline.mermaid(trial.run().report())).contains("map<br>in ");
    var ended = trial.end();
    assertThat(pipeline.mermaid(ended.report())).contains("map<br>in 7, out 7");
  }

  /** The last two of five elements are in no window; the counts must contain them. */
  @Test
  void elementsInNoWindowAreDropped() {
    var five = Pipe.from(Numbers.below(5));
    var window = run(five.window("window", 3, 3).to(Sink.count())).report().stage("window");
    assertThat(window.processed()).isEqualTo(3);
    assertThat(window.dropped()).isEqualTo(2);
    var overlapping = run(five.window("window", 3, 1).to(Sink.count())).report().stage("window");
    assertThat(overlapping.dropped()).as("all were in a window").isZero();
    var gaps = run(five.window("window", 1, 3).to(Sink.count())).report().stage("window");
    assertThat(gaps.dropped()).as("between the windows").isEqualTo(3);
    var partial = run(five.windowPartial("window", 3, 3).to(Sink.<List<Integer>>toList()));
    assertThat(partial.wholeResult()).containsExactly(List.of(0, 1, 2), List.of(3, 4));
    assertThat(partial.report().stage("window").dropped()).isZero();
  }

  /** An element for a lane that has ended is dropped, while other lanes go on. */
  @Test
  void elementsForALaneThatHasEndedAreDropped() {
    var pipe =
        Pipe.from(Numbers.below(5_000))
            .partitionBy(
                "spread",
                x -> x % 2,
                2,
                lane -> lane.takeWhile("odd or small", x -> x % 2 == 1 || x < 10));
    var ended = run(pipe.to(Sink.count()));
    assertThat(ended.result()).isEqualTo(2_505);
    var spread = ended.report().stage("spread");
    assertThat(spread.received()).isEqualTo(5_000);
    assertThat(spread.unprocessed()).isZero();
    assertThat(spread.dropped()).isPositive();
    assertThat(spread.processed() + spread.dropped()).isEqualTo(5_000);
  }

  @Test
  void laneThatHasEndedTakesNothingFromTheOthers() {
    List<Function<Pipe<Integer>, Pipe<Integer>>> branches =
        List.of(lane -> lane.take("few", 3), lane -> lane.map("all", x -> x));
    var broadcast =
        run(Pipe.from(Numbers.below(2_000)).broadcast("spread", branches).to(Sink.count()));
    assertThat(broadcast.result()).isEqualTo(2_003);
    var spread = broadcast.report().stage("spread");
    assertThat(spread.processed()).isEqualTo(2_000);
    assertThat(spread.unprocessed() + spread.dropped()).isZero();
    var balanced =
        Pipe.from(Numbers.below(2_000)).balance("spread", 3, lane -> lane.take("few", 10));
    var all = run(balanced.to(Sink.count()));
    assertThat(all.result()).isEqualTo(30);
    assertThat(all.report().stage("spread").dropped()).isZero();
  }

  /** The source may have one more element, for which it waits for room. */
  @ParameterizedTest
  @CsvSource({"1, 0", "1, 1", "1, 3", "3, 0", "3, 2", "7, 5", "100, 0"})
  void parallelStageHoldsNoMoreThanItsPrefetch(int parallelism, int prefetch) {
    var release = new CountDownLatch(1);
    var pipe =
        Pipe.from(Numbers.below(1_000))
            .prefetch(prefetch)
            .mapParallel(
                "work",
                parallelism,
                x -> {
                  release.await();
                  return x;
                });
    var trial = start(pipe.to(Sink.toList()));
    int bound = parallelism + prefetch;
    await(
        "the stage to be full",
        () -> {
          var report = trial.run().report();
          return report.stage("work").running() == parallelism
              && report.stage("work").inFlight()
                  >= (kit().notKept().isEmpty() ? bound : parallelism);
        });
    assertThat(trial.run().report().stage("source").emitted()).isLessThanOrEqualTo(bound + 1L);
    assertThat(trial.run().report().stage("work").inFlight()).isLessThanOrEqualTo(bound + 1L);
    release.countDown();
    assertThat(trial.end().wholeResult()).hasSize(1_000).isSorted();
  }

  @Test
  void elementsThatWaitInAParallelStageAreToldApartFromThoseThatRun() {
    var release = new CountDownLatch(1);
    var pipe =
        Pipe.from(Numbers.below(20))
            .mapParallel(
                "work",
                3,
                x -> {
                  release.await();
                  return x;
                });
    var trial = start(pipe.to(Sink.count()));
    await(
        "three that run",
        () -> {
          var work = trial.run().report().stage("work");
          return work.running() == 3 && work.inFlight() == 20 && work.waiting() == 17;
        });
    assertThat(trial.run().explain()).contains("in flight 20 (3 running, 17 waiting)");
    release.countDown();
    assertThat(trial.end().wholeResult()).isEqualTo(20);
  }
}
