package dev.millrace.stages.reactor;

import static dev.millrace.stages.reactor.Runs.endless;
import static dev.millrace.stages.reactor.Runs.numbers;
import static dev.millrace.stages.reactor.Runs.other;
import static dev.millrace.stages.reactor.Runs.stop;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a run is cancelled, drained and ended, and its reports meanwhile. */
@Timeout(60)
class ReactorRunTest {

  private final IOException cause = new IOException("enough");

  @AfterEach
  void noThreadIsLeft() {
    Leaks.check();
  }

  // Drain

  @Test
  void drainStopsTheSourcesAndLetsTheRestFinish() throws Exception {
    var read = new AtomicInteger();
    var pipeline =
        Pipe.from(Source.generate(read::incrementAndGet))
            .mapParallel("id", 4, x -> x)
            .buffer("buffer", 20)
            .batch("batch", 7)
            .flatMap("flat", x -> x)
            .to(Sink.count());
    try (var run = pipeline.start(Runs.ENGINE, Context.background())) {
      await().until(() -> read.get() > 100);
      run.drain(Duration.ofSeconds(30));
      assertThat(run.join()).isEqualTo(read.longValue());
      Runs.assertBalanced(run);
      assertThat(run.report().stages()).allMatch(stage -> stage.undelivered() == 0);
    }
  }

  @Test
  void drainEndsASourceThatWaits() throws Exception {
    Channel<Integer> in = Channel.rendezvous();
    var merged =
        Pipe.merge(
            "merge",
            List.of(Pipe.from("a", Source.channel(in)), Pipe.from("b", Source.channel(in))));
    try (var run = merged.to(Sink.toList()).start(Runs.ENGINE, Context.background())) {
      in.send(1);
      await().until(() -> in.waitingReceivers() == 2);
      run.drain(Duration.ofSeconds(30));
      assertThat(run.join()).containsExactly(1);
      Runs.assertBalanced(run);
    }
  }

  @Test
  void drainDoesNotStartTheNextInputOfAConcat() throws Exception {
    Channel<Integer> in = Channel.rendezvous();
    var concat = Pipe.concat("concat", List.of(Pipe.from("a", Source.channel(in)), other()));
    try (var run = concat.to(Sink.toList()).start(Runs.ENGINE, Context.background())) {
      in.send(1);
      await().until(() -> in.waitingReceivers() == 1);
      run.drain(Duration.ofSeconds(30));
      assertThat(run.join()).containsExactly(1);
      Runs.assertBalanced(run);
    }
  }

  @Test
  void drainLetsRunningFunctionsFinishUninterrupted() throws Exception {
    var running = new CountDownLatch(2);
    var open = new CountDownLatch(1);
    var pipe =
        endless()
            .mapParallel(
                "map",
                2,
                x -> {
                  running.countDown();
                  open.await();
                  return x;
                });
    try (var run = pipe.to(Sink.toList()).start(Runs.ENGINE, Context.background())) {
      running.await();
      run.drain(Duration.ofSeconds(30));
      open.countDown();
      assertThat(run.join()).hasSizeGreaterThanOrEqualTo(2).isSorted();
      Runs.assertBalanced(run);
    }
  }

  @Test
  void drainThatTakesTooLongBecomesACancel() throws Exception {
    drainTakesTooLong();
  }

  @Test
  void deadlineOfADrainNeedsNothingOfTheCommonPool() throws Exception {
    var release = new CountDownLatch(1);
    try {
      for (int i = 0; i < 2 * ForkJoinPool.getCommonPoolParallelism(); i++) {
        ForkJoinPool.commonPool().execute(() -> stopUntil(release));
      }
      drainTakesTooLong();
    } finally {
      release.countDown();
    }
  }

  private static void drainTakesTooLong() throws Exception {
    var running = new CountDownLatch(1);
    var pipe =
        endless()
            .map(
                "stuck",
                x -> {
                  running.countDown();
                  return stop(x);
                });
    try (var run = pipe.to(Sink.count()).start(Runs.ENGINE, Context.background())) {
      running.await();
      run.drain(Duration.ofMillis(50));
      assertThatThrownBy(run::join)
          .isInstanceOf(CancellationException.class)
          .cause()
          .isInstanceOf(TimeoutException.class)
          .hasMessageContaining("stuck: runs its function");
      Runs.assertBalanced(run);
    }
  }

  private static void stopUntil(CountDownLatch release) {
    try {
      release.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void failureWhileDrainingStopsTheRun() throws Exception {
    var running = new CountDownLatch(1);
    var open = new CountDownLatch(1);
    var pipe =
        endless()
            .map(
                "fails",
                x -> {
                  running.countDown();
                  open.await();
                  throw cause;
                });
    try (var run = pipe.to(Sink.count()).start(Runs.ENGINE, Context.background())) {
      running.await();
      run.drain(Duration.ofSeconds(30));
      open.countDown();
      assertThatThrownBy(run::join).isInstanceOf(ExecutionException.class).hasCause(cause);
      Runs.assertBalanced(run);
    }
  }

  // Report

  @Test
  void reportShowsTheRunWhileItGoesOn() throws Exception {
    var open = new CountDownLatch(1);
    Channel<Integer> in = Channel.rendezvous();
    var pipeline =
        Pipe.from(Source.channel(in))
            .map("double", x -> 2 * x)
            .mapParallel(
                "gate",
                2,
                x -> {
                  open.await();
                  return x;
                })
            .to(Sink.toList());
    try (var run = pipeline.start(Runs.ENGINE, Context.background())) {
      assertThat(run.report().stages().stream().map(stage -> stage.name()))
          .containsExactly("source", "double", "gate", "sink");
      for (int i = 0; i < 64 + 1; i++) {
        in.send(i); // in the gate 2 elements run and 62 are ready; the last one has no room
      }
      await().until(() -> run.report().stage("double").waitingForOutput().isPositive());
      var report = run.report();
      assertThat(report.done()).isFalse();
      assertThat(report.balances()).isTrue();
      assertThat(report.stage("gate").inFlight()).isEqualTo(64);
      assertThat(report.stage("double").queued()).isEqualTo(1);
      assertThat(run.explain())
          .contains("double: waits for 'gate' to take an element, for ")
          .contains("gate: runs 2 functions");
      assertThat(pipeline.mermaid(report)).contains("gate").contains("in 64");
      open.countDown();
      in.close();
      assertThat(run.join()).hasSize(64 + 1).startsWith(0, 2, 4, 6);
      Runs.assertBalanced(run);
    }
  }

  @Test
  void reportBalancesAtAnyMoment() throws Exception {
    var pipeline =
        numbers(20_000)
            .filter("half", x -> x % 2 == 0)
            .mapParallelUnordered("par", 4, x -> x)
            .<Integer>broadcast("all", List.of(lane -> lane, lane -> lane.map("neg", x -> -x)))
            .batch("batch", 3)
            .to(Sink.count());
    try (var run = pipeline.start(Runs.ENGINE, Context.background())) {
      while (!run.isDone()) {
        assertThat(run.report().balances()).as("%s", run.report()).isTrue();
      }
      run.join();
      Runs.assertBalanced(run);
    }
  }

  @Test
  void completedRunDeliversAllThatItHasMade() throws Exception {
    var pipeline = numbers(1000).mapParallel("par", 4, x -> x).buffer("buffer", 5).to(Sink.count());
    try (var run = pipeline.start(Runs.ENGINE, Context.background())) {
      run.join();
      assertThat(run.report().stages())
          .allMatch(stage -> stage.undelivered() == 0 && stage.unprocessed() == 0);
      assertThat(run.report().stage("sink").processed()).isEqualTo(1000);
    }
  }

  // Service

  @Test
  void engineIsFoundByItsName() {
    assertThat(Runs.ENGINE).isInstanceOf(ReactorEngine.class);
    assertThatThrownBy(() -> ReactorEngine.withGrace(Duration.ofNanos(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
