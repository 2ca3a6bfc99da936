package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Defects that users of other libraries have reported in public, each as a test. */
abstract class KnownDefectsConformance extends Theme {

  private final IOException boom = new IOException("boom");
  private final IOException cause = new IOException("cancelled by the test");

  private static List<Integer> numbers(int n) {
    return IntStream.range(0, n).boxed().toList();
  }

  // kotlinx.coroutines#1813, #1936, #4337: an element is on its way to a receiver. The receiver
  // is cancelled, and the element is lost.
  @Test
  void elementOnItsWayIsNotLostByACancellation() throws Exception {
    for (int round = 0; round < 50; round++) {
      Channel<Integer> channel = Channel.buffered(100);
      for (int i = 0; i < 100; i++) {
        channel.send(i);
      }
      int point = round;
      var seen = new CountDownLatch(point);
      var trial =
          start(
              Pipe.from(Source.channel(channel))
                  .mapParallelUnordered("map", 2, x -> x)
                  .to(Sink.forEach(x -> seen.countDown())));
      await(seen);
      trial.run().cancel(cause);
      var report = trial.join().report();
      trial.noThreadIsLeft();
      // The report counts the elements that the source has taken; the others are still in the
      // channel.
      assertThat(report.stage("source").produced() + channel.size()).isEqualTo(100);
    }
  }

  // reactor-core#596, #3443: groupBy hangs when it has more keys than flatMap subscribes to.
  @Test
  void manyKeysDoNotHangAKeyedStage() {
    var pipe = Pipe.from(Numbers.below(3_000)).mapKeyed("map", 2, x -> x, x -> x);
    assertThat(elements(pipe)).containsExactlyInAnyOrderElementsOf(numbers(3_000));
  }

  @Test
  void manyKeysDoNotHangPartitions() {
    var pipe =
        Pipe.from(Numbers.below(3_000))
            .partitionBy("lanes", x -> x, 2, lane -> lane.map("map", x -> x));
    assertThat(elements(pipe)).containsExactlyInAnyOrderElementsOf(numbers(3_000));
  }

  // The same defect: one group that is not consumed must not stop the other groups.
  @Test
  void laneThatIsLeftDoesNotHangTheOthers() {
    var pipe =
        Pipe.from(Numbers.below(3_000))
            .partitionBy("lanes", x -> x % 3, 3, lane -> lane.take("take", 1));
    assertThat(run(pipe.to(Sink.<Integer>toList())).result()).hasSizeBetween(1, 3);
  }

  // reactor-core#2184, #2011: onErrorContinue requests one element less after each error, or it
  // takes errors that an inner stream would have handled.
  @ParameterizedTest
  @EnumSource
  void stageGoesOnAfterManyFailures(Site site) {
    var pipe = site.addTo(Pipe.from(Numbers.below(601)), x -> x < 600 ? raise(boom) : x);
    var ended = run(pipe.to(Sink.<Integer>toList()));
    assertThat(ended.result()).containsExactly(600);
    assertThat(ended.failures()).hasSize(600);
  }

  @Test
  void failureHandledInABranchIsNotAnothersFailure() {
    var pipe =
        Pipe.from(Numbers.below(100))
            .<Integer>broadcast(
                "broadcast",
                List.of(
                    lane -> lane.map("fails", x -> raise(boom)),
                    lane -> lane.map("passes", x -> x)));
    var ended = run(pipe.to(Sink.<Integer>toList()));
    assertThat(ended.wholeResult()).isEqualTo(numbers(100));
    assertThat(ended.failures())
        .hasSize(100)
        .allSatisfy(failure -> assertThat(failure.stage()).isEqualTo("fails"));
  }

  // reactor-core#3131: errors have no stream of their own beside the stream of values.
  @Test
  void failuresCanBeReadFromAChannelOfTheirOwn() throws Exception {
    Channel<Object> failures = Channel.buffered(10);
    var trial =
        start(
            Pipe.from(Numbers.below(100)).map("map", x -> raise(boom)).to(Sink.count()),
            Context.background(),
            failure -> failures.send(failure.element()));
    for (int i = 0; i < 100; i++) {
      assertThat(failures.receive()).isEqualTo(i);
    }
    assertThat(trial.end().wholeResult()).isZero();
  }

  // pekko PR 3124: after a failure with a resume, an element of the partition is dropped.
  @Test
  void failureOfAnElementTakesNoOtherElementWithIt() {
    var pipe =
        Pipe.from(Numbers.below(2_000))
            .mapKeyed("keyed", 4, x -> x % 3, x -> x % 5 == 0 ? raise(boom) : x)
            .mapParallel("ordered", 4, x -> x % 7 == 0 ? raise(boom) : x);
    var ended = run(pipe.to(Sink.<Integer>toList()));
    assertThat(ended.wholeResult())
        .containsExactlyInAnyOrderElementsOf(
            numbers(2_000).stream().filter(x -> x % 5 != 0 && x % 7 != 0).toList());
    assertThat(ended.failures())
        .extracting(failure -> (Object) failure.element())
        .containsExactlyInAnyOrderElementsOf(
            numbers(2_000).stream().filter(x -> x % 5 == 0 || x % 7 == 0).toList());
  }

  // Defects of the pipeline of Go channels from which this library started.

  /** In Go, a failed acquire of a permit dropped the element. */
  @Test
  void elementThatWaitsForItsTurnIsNotDroppedByACancellation() {
    var full = new CountDownLatch(2);
    var trial =
        start(
            Pipe.from(Numbers.endless())
                .mapParallelUnordered(
                    "map",
                    2,
                    x -> {
                      full.countDown();
                      return KnownDefectsConformance.<Integer>blockForever();
                    })
                .to(Sink.count()));
    await(full);
    trial.run().cancel(cause);
    var map = trial.end().report().stage("map");
    assertThat(map.dropped()).isZero();
    assertThat(map.unprocessed()).isGreaterThanOrEqualTo(2);
  }

  /**
   * In Go, a worker's send ignored the context. So a worker whose result was not taken never ended.
   */
  @Test
  void workersThatCannotGetRidOfTheirResultsEnd() {
    var processed = new AtomicInteger();
    var trial =
        start(
            Pipe.from(Numbers.endless())
                .mapParallelUnordered(
                    "map",
                    4,
                    x -> {
                      processed.incrementAndGet();
                      return x;
                    })
                .to(Sink.forEach(x -> blockForever())));
    await("results that no stage takes", () -> processed.get() >= 4);
    trial.run().cancel(cause);
    assertThat(trial.end().cancelled()).isSameAs(cause);
  }

  /** In Go, a cancelled drain closed channels while workers were still sending to them. */
  @Test
  void drainThatIsCancelledClosesNothingUnderLiveWorkers() {
    for (int round = 0; round < 20; round++) {
      var begun = new CountDownLatch(4);
      var trial =
          start(
              Pipe.from(Numbers.endless())
                  .mapParallelUnordered(
                      "map",
                      4,
                      x -> {
                        begun.countDown();
                        Thread.yield();
                        return x;
                      })
                  .mapParallel("again", 4, x -> x)
                  .to(Sink.count()));
      await(begun);
      trial.run().drain(Duration.ofMinutes(1));
      trial.run().cancel(cause);
      var ended = trial.end();
      assertThat(ended.failures()).isEmpty();
      if (ended.thrown() != null) {
        assertThat(ended.cancelled()).isSameAs(cause);
        assertThat(ended.thrown().getSuppressed()).isEmpty();
      }
    }
  }

  /** In Go, the sink returned when the channel of values was closed, and lost later errors. */
  @Test
  void lastFailuresAreHandledBeforeTheRunEnds() {
    var handled = new AtomicInteger();
    var ended =
        run(
            Pipe.from(Numbers.below(20))
                .mapParallelUnordered("map", 4, x -> x >= 15 ? raise(boom) : x)
                .to(Sink.count()),
            Context.background(),
            failure -> {
              for (int i = 0; i < 100; i++) {
                Thread.yield();
              }
              handled.incrementAndGet();
            });
    assertThat(ended.wholeResult()).isEqualTo(15);
    assertThat(handled).hasValue(5);
  }

  /** In Go, the merge ignored the context while it received. */
  @Test
  void mergeOfSilentInputsCanBeCancelled() {
    var waiting = new CountDownLatch(2);
    Source<Integer> silent =
        context ->
            () -> {
              waiting.countDown();
              return blockForever();
            };
    var pipe = Pipe.merge("merge", List.of(Pipe.from("a", silent), Pipe.from("b", silent)));
    var trial = start(pipe.to(Sink.count()));
    await(waiting);
    trial.run().cancel(cause);
    assertThat(trial.end().cancelled()).isSameAs(cause);
  }

  /**
   * In Go, the cause never reached the caller. In Reactor, stack traces of streams do not name the
   * stage: reactor-core#1562.
   */
  @Test
  void causeReachesTheCallerWithTheStageAndTheFrameThatThrewIt() {
    var pipe =
        Pipe.from(Numbers.below(3))
            .mapParallel("fails", 2, x -> KnownDefectsConformance.<Integer>fail("broken wheel"));
    var ended =
        run(
            pipe.to(Sink.count()),
            Context.background(),
            failure -> {
              throw new ExecutionException(failure.toString(), failure.cause());
            });
    Throwable thrown = ended.failed();
    assertThat(thrown).hasMessage("broken wheel");
    assertThat(thrown.getStackTrace()[0].getMethodName()).isEqualTo("fail");
    assertThat(ended.messages()).contains("fails");
  }

  @SuppressWarnings("TypeParameterUnusedInFormals") // it never returns
  private static <T> T fail(String message) throws IOException {
    throw new IOException(message);
  }

  // reactor-core#3759: operators request more elements than needed, without documentation.
  @Test
  void sourceIsNotReadFarAhead() {
    var source = Numbers.endless();
    var pipe =
        Pipe.from(source)
            .map("a", x -> x)
            .mapParallel("b", 1, x -> x)
            .flatMap("c", List::of)
            .mapKeyed("d", 1, x -> x, x -> x);
    var blocked = new CountDownLatch(1);
    var trial =
        start(
            pipe.to(
                Sink.forEach(
                    x -> {
                      blocked.countDown();
                      blockForever();
                    })));
    await(blocked);
    awaitStandstill(source);
    assertThat(source.given()).isLessThan(200);
    trial.run().cancel(cause);
    trial.end();
  }
}
