package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.millrace.channel.Channel;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A run that is cancelled at any moment stops as a whole, and its report counts each element. */
abstract class CancellationConformance extends Theme {

  private static final int[] POINTS = {0, 1, 2, 3, 17, 100};

  private final IOException cause = new IOException("cancelled by the test");

  /** The number of elements of an endless input that the operator is sure to emit. */
  private static int most(Operator operator) {
    return switch (operator) {
      case TAKE_NONE, TAKE_LAST, DEBOUNCE, SAMPLE, WINDOW_SLIDING -> 0;
      case SAMPLE_FIRST -> 1;
      case TAKE, TAKE_WHILE, TAKE_UNTIL, DISTINCT -> 4;
      default -> Integer.MAX_VALUE;
    };
  }

  @ParameterizedTest
  @EnumSource
  void cancelledByTheSinkAfterAnyElement(Operator operator) {
    for (int point : POINTS) {
      if (point < most(operator)) {
        var source = Numbers.endless();
        var count = new AtomicInteger();
        try (CancellableContext context = Context.background().withCancel()) {
          var pipeline =
              operator
                  .addTo(Pipe.from(source), "operator")
                  .to(
                      Sink.forEach(
                          x -> {
                            if (count.getAndIncrement() == point) {
                              context.cancel(cause);
                            }
                          }));
          var ended = run(pipeline, context, failure -> {});
          assertThat(ended.cancelled()).isSameAs(cause);
          assertThat(ended.failures()).isEmpty();
        }
        source.checkReleased();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void cancelledByTheSourceBeforeAnyElement(Operator operator) {
    for (int point : POINTS) {
      if (!operator.endsEarly() || point < most(operator)) {
        try (CancellableContext context = Context.background().withCancel()) {
          var source =
              Numbers.endless()
                  .before(
                      number -> {
                        if (number == point) {
                          context.cancel(cause);
                        }
                      });
          var pipeline = operator.addTo(Pipe.from(source), "operator").to(Sink.count());
          var ended = run(pipeline, context, failure -> {});
          assertThat(ended.cancelled()).isSameAs(cause);
          source.checkReleased();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void cancelledWhileTheSourceHasNothing(Operator operator) {
    assumeFalse(operator.endsEarly(), "the run ends by itself");
    for (int point : new int[] {0, 1, 5}) {
      var waiting = new CountDownLatch(1);
      var source = silentFrom(point, waiting);
      var trial = start(operator.addTo(Pipe.from(source), "operator").to(Sink.count()));
      await(waiting);
      trial.run().cancel(cause);
      assertThat(trial.end().cancelled()).isSameAs(cause);
      source.checkReleased();
    }
  }

  @ParameterizedTest
  @EnumSource
  void cancelledWhileTheSinkIsBusyAndAllIsFull(Operator operator) {
    assumeFalse(operator.isShort() || operator.startsWithOthers(), "nothing need ever be full");
    var source = Numbers.endless();
    var pipeline =
        operator.addTo(Pipe.from(source), "operator").to(Sink.forEach(x -> blockForever()));
    var trial = start(pipeline);
    awaitStandstill(source);
    assertThat(source.given()).as("elements on their way").isLessThan(1_000);
    trial.run().cancel(cause);
    assertThat(trial.end().cancelled()).isSameAs(cause);
    source.checkReleased();
  }

  @ParameterizedTest
  @EnumSource
  void runningFunctionIsInterrupted(Site site) {
    for (int point : new int[] {0, 1, 20}) {
      var interrupted = new AtomicBoolean();
      var running = new CountDownLatch(1);
      StageFunction<Integer, Integer> function =
          x -> {
            if (x != point) {
              return x;
            }
            running.countDown();
            try {
              return blockForever();
            } catch (InterruptedException e) {
              interrupted.set(true);
              throw e;
            }
          };
      var trial = start(site.addTo(Pipe.from(Numbers.below(50)), function).to(Sink.count()));
      await(running);
      trial.run().cancel(cause);
      var ended = trial.end();
      assertThat(ended.cancelled()).isSameAs(cause);
      assertThat(interrupted).as("interrupted").isTrue();
      assertThat(ended.failures()).as("the interrupt is no failure of an element").isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void joinWaitsForFunctionsThatCleanUp(Site site) {
    var running = new CountDownLatch(1);
    var looked = new CountDownLatch(1);
    var inside = new AtomicInteger();
    StageFunction<Integer, Integer> function =
        x -> {
          inside.incrementAndGet();
          try {
            running.countDown();
            return blockForever();
          } finally {
            awaitWhateverInterrupts(looked, Duration.ofMillis(50)); // join must not return before
            inside.decrementAndGet();
          }
        };
    var trial = start(site.addTo(Pipe.from(Numbers.below(50)), function).to(Sink.count()));
    await(running);
    trial.run().cancel(cause);
    trial.join();
    int left = inside.get();
    looked.countDown();
    assertThat(left).as("functions that run after join").isZero();
    trial.end();
  }

  /** The interrupt may reach a function or the engine's code; it must work in both cases. */
  @ParameterizedTest
  @EnumSource
  void cancelledByAnotherThreadAtSomeMoment(Operator operator) {
    for (int i = 0; i < 10; i++) {
      var source = Numbers.endless();
      var begun = new CountDownLatch(1);
      var pipe = operator.addTo(Pipe.from(source.before(x -> begun.countDown())), "operator");
      var trial = start(pipe.to(Sink.count()));
      if (!operator.endsEarly()) {
        await(begun);
      }
      trial.run().cancel(cause);
      var ended = trial.end();
      if (!operator.endsEarly()) {
        assertThat(ended.cancelled()).isSameAs(cause);
      }
      source.checkReleased();
    }
  }

  // Ways to cancel

  @Test
  void contextThatIsCancelledBeforeTheStartStopsAll() {
    try (CancellableContext context = Context.background().withCancel()) {
      context.cancel(cause);
      var seen = new AtomicInteger();
      var pipe = Pipe.from(Numbers.endless()).mapParallel("map", 2, x -> x);
      var ended = run(pipe.to(Sink.forEach(x -> seen.incrementAndGet())), context, failure -> {});
      assertThat(ended.cancelled()).isSameAs(cause);
      assertThat(seen).hasValue(0);
    }
  }

  @Test
  void deadlineOfTheContextStopsTheRun() {
    try (var context = Context.background().withTimeout(Duration.ofMillis(20))) {
      var ended = run(Pipe.from(Numbers.endless()).to(Sink.count()), context, failure -> {});
      assertThat(ended.cancelled()).isInstanceOf(DeadlineExceededException.class);
    }
  }

  @Test
  void runDoesNotCancelItsContext() {
    try (CancellableContext context = Context.background().withCancel()) {
      run(Pipe.from(Numbers.below(3)).to(Sink.count()), context, failure -> {});
      var trial = start(Pipe.from(Numbers.endless()).to(Sink.count()), context, failure -> {});
      trial.run().cancel(cause);
      trial.end();
      assertThat(context.isCancelled()).isFalse();
    }
  }

  @Test
  void closingARunCancelsIt() {
    var source = Numbers.endless();
    var trial = start(Pipe.from(source).map("map", x -> x).to(Sink.count()));
    trial.run().close();
    assertThat(trial.run().isDone()).isTrue();
    trial.noThreadIsLeft();
    trial.end().cancelled();
    source.checkReleased();
  }

  @Test
  void firstCauseIsTheOneThatIsTold() {
    var trial = start(Pipe.from(Numbers.endless()).to(Sink.count()));
    trial.run().cancel(cause);
    trial.run().cancel(new IllegalStateException("later"));
    assertThat(trial.end().cancelled()).isSameAs(cause);
  }

  @Test
  void interruptedJoinLeavesTheRunAlone() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    var trial = start(Pipe.from(Source.channel(channel)).to(Sink.count()));
    Thread.currentThread().interrupt();
    assertThatThrownBy(trial.run()::join).isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
    assertThat(trial.run().isDone()).isFalse();
    channel.send(1);
    channel.close();
    assertThat(trial.end().wholeResult()).isEqualTo(1);
  }

  @Test
  void manyMayJoin() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    var trial = start(Pipe.from(Source.channel(channel)).to(Sink.count()));
    var results = new AtomicInteger();
    var joined = new CountDownLatch(5);
    for (int i = 0; i < 5; i++) {
      Thread.ofVirtual()
          .name(Threads.OWN + "-join")
          .start(
              () -> {
                if (trial.join().result() == 1) {
                  results.incrementAndGet();
                }
                joined.countDown();
              });
    }
    channel.send(1);
    channel.close();
    await(joined);
    assertThat(results).hasValue(5);
    trial.end();
  }

  @Test
  void threadOfTheRunMayCancelIt() {
    var trials = new CompletableFuture<Trial<Long>>();
    var pipe =
        Pipe.from(Numbers.endless())
            .map(
                "map",
                x -> {
                  trials.get().run().cancel(cause);
                  return x;
                });
    var trial = start(pipe.to(Sink.count()));
    trials.complete(trial);
    assertThat(trial.end().cancelled()).isSameAs(cause);
  }

  // Exceptions thrown meanwhile

  @ParameterizedTest
  @EnumSource
  void errorThrownWhileCancellingIsTold(Site site) {
    var error = new StackOverflowError("thrown while cancelling");
    assertThat(thrownWhileCancelling(site, error).tells(error)).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void exceptionThrownWhileCancellingIsTold(Site site) {
    var exception = new IllegalStateException("thrown while cancelling");
    assertThat(thrownWhileCancelling(site, exception).tells(exception)).isTrue();
  }

  private Ended<Long> thrownWhileCancelling(Site site, Throwable thrown) {
    var running = new CountDownLatch(1);
    StageFunction<Integer, Integer> function =
        x -> {
          running.countDown();
          try {
            return blockForever();
          } catch (InterruptedException e) {
            return raise(thrown);
          }
        };
    var trial = start(site.addTo(Pipe.from(Numbers.below(1)), function).to(Sink.count()));
    await(running);
    trial.run().cancel(cause);
    var ended = trial.end();
    assertThat(ended.tells(cause)).as("tells why it was cancelled").isTrue();
    return ended;
  }

  @Test
  void cancelledWhileTheFailureHandlerIsBusy() {
    var handling = new CountDownLatch(1);
    var boom = new IOException("boom");
    var trial =
        start(
            Pipe.from(Numbers.endless())
                .mapParallelUnordered("map", 3, x -> raise(boom))
                .to(Sink.count()),
            Context.background(),
            failure -> {
              handling.countDown();
              blockForever();
            });
    await(handling);
    trial.run().cancel(cause);
    var ended = trial.end();
    assertThat(ended.tells(cause)).isTrue();
    assertThat(ended.failures()).hasSize(1);
  }

  @Test
  void failureWhileClosingAfterACancellationIsTold() {
    var boom = new IOException("boom");
    var waiting = new CountDownLatch(1);
    Source<Integer> source =
        context ->
            new Source.Cursor<>() {
              @Override
              public Integer next() throws InterruptedException {
                waiting.countDown();
                return blockForever();
              }

              @Override
              public void close() throws IOException {
                throw boom;
              }
            };
    var trial = start(Pipe.from(source).to(Sink.count()));
    await(waiting);
    trial.run().cancel(cause);
    var ended = trial.end();
    assertThat(ended.tells(cause)).isTrue();
    assertThat(ended.tells(boom)).isTrue();
  }

  @Test
  void closingIsNotInterrupted() {
    var clean = new AtomicBoolean();
    var waiting = new CountDownLatch(1);
    Source<Integer> source =
        context ->
            new Source.Cursor<>() {
              @Override
              public Integer next() throws InterruptedException {
                waiting.countDown();
                return blockForever();
              }

              @Override
              public void close() {
                clean.set(!Thread.currentThread().isInterrupted());
              }
            };
    var trial = start(Pipe.from(source).to(Sink.count()));
    await(waiting);
    trial.run().cancel(cause);
    trial.end();
    assertThat(clean).as("closed without an interrupt that is pending").isTrue();
  }
}
