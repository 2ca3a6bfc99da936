package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A run ends without a function that ignores its interrupt, and names the stage of the function.
 */
abstract class StubbornConformance extends Theme {

  private static final Duration GRACE = Duration.ofMillis(30);

  /** Runs until it is released, and ignores interrupts. */
  private static final class Stubborn {
    private final CountDownLatch running = new CountDownLatch(1);
    private final AtomicBoolean released = new AtomicBoolean();

    private void run() {
      running.countDown();
      while (!released.get()) {
        try {
          Thread.sleep(1);
        } catch (InterruptedException e) {
          // that is the test
        }
      }
    }
  }

  private void isNamed(Pipeline<Long> pipeline, Stubborn stubborn, String stage) {
    var trial = startWithGrace(pipeline, GRACE);
    try {
      await(stubborn.running);
      var cause = new IOException("cancelled by the test");
      trial.run().cancel(cause);
      var ended = trial.join();
      assertThat(ended.tells(cause)).as("tells why it was cancelled").isTrue();
      assertThat(ended.messages()).contains(stage);
      assertThat(ended.report().balances()).as("%s", ended.report()).isTrue();
    } finally {
      stubborn.released.set(true);
    }
    trial.noThreadIsLeft();
  }

  @ParameterizedTest
  @EnumSource
  void stageWhoseFunctionIgnoresAnInterruptIsNamed(Site site) {
    var stubborn = new Stubborn();
    StageFunction<Integer, Integer> function =
        x -> {
          stubborn.run();
          return x;
        };
    isNamed(
        site.addTo(Pipe.from(Numbers.below(1)), function).to(Sink.count()), stubborn, Site.NAME);
  }

  @Test
  void sourceThatIgnoresAnInterruptIsNamed() {
    var stubborn = new Stubborn();
    var source = Numbers.endless().before(number -> stubborn.run());
    isNamed(Pipe.from("stubborn", source).to(Sink.count()), stubborn, "stubborn");
  }

  @Test
  void sinkThatIgnoresAnInterruptIsNamed() {
    var stubborn = new Stubborn();
    var pipe = Pipe.from(Numbers.endless());
    isNamed(pipe.to(Sink.forEach(x -> stubborn.run())), stubborn, "sink");
  }

  @Test
  void drainEndsByItsDeadlineWhateverFunctionsDo() {
    var stubborn = new Stubborn();
    var pipeline =
        Pipe.from(Numbers.endless())
            .map(
                Site.NAME,
                x -> {
                  stubborn.run();
                  return x;
                })
            .to(Sink.count());
    var trial = startWithGrace(pipeline, GRACE);
    try {
      await(stubborn.running);
      trial.run().drain(Duration.ofMillis(10));
      assertThat(trial.join().messages()).contains(Site.NAME);
    } finally {
      stubborn.released.set(true);
    }
    trial.noThreadIsLeft();
  }

  @Test
  void functionThatNeedsMostOfItsGraceGetsIt() {
    var running = new CountDownLatch(1);
    var cleaned = new AtomicBoolean();
    var pipeline =
        Pipe.from(Numbers.below(1))
            .map(
                "map",
                x -> {
                  running.countDown();
                  try {
                    return StubbornConformance.<Integer>blockForever();
                  } finally {
                    long end = System.nanoTime() + Duration.ofMillis(50).toNanos();
                    while (System.nanoTime() - end < 0) {
                      Thread.yield(); // it may be interrupted several times
                    }
                    cleaned.set(true);
                  }
                })
            .to(Sink.count());
    var trial = startWithGrace(pipeline, Duration.ofMinutes(1));
    await(running);
    trial.run().cancel(new IOException("cancelled by the test"));
    trial.end();
    assertThat(cleaned).isTrue();
  }

  // Functions of a run that is not stopped

  /** Releases a function that ignores interrupts, long after the grace period. */
  private static void releaseLate(Stubborn stubborn) {
    CompletableFuture.delayedExecutor(GRACE.toMillis() * 10, TimeUnit.MILLISECONDS)
        .execute(() -> stubborn.released.set(true));
  }

  @Test
  void resultIsNotLostBecauseAFunctionThatNobodyWaitsForTakesLong() {
    var stubborn = new Stubborn();
    var pipeline =
        Pipe.from(Numbers.below(2))
            .mapParallelUnordered(
                "map",
                2,
                x -> {
                  if (x == 0) {
                    stubborn.running.await();
                  } else {
                    releaseLate(stubborn);
                    stubborn.run();
                  }
                  return x;
                })
            .to(Sink.first());
    assertThat(startWithGrace(pipeline, GRACE).end().result()).contains(0);
  }

  @Test
  void resultIsNotLostBecauseASinkTakesLongToClose() {
    var stubborn = new Stubborn();
    Sink<Integer, Integer> sink =
        context ->
            new Sink.Receiver<>() {
              private int sum;

              @Override
              public boolean accept(Integer element) {
                sum += element;
                return true;
              }

              @Override
              public Integer finish() {
                return sum;
              }

              @Override
              public void close() {
                releaseLate(stubborn);
                stubborn.run();
              }
            };
    var pipeline = Pipe.from(Numbers.below(4)).to(sink);
    assertThat(startWithGrace(pipeline, GRACE).end().result()).isEqualTo(6);
  }
}
