package dev.millrace.stages.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** Pipes and functions for the tests of the engine. */
final class Pipes {

  static final int MANY = 20_000;
  static final Duration LONG = Duration.ofSeconds(30);

  private Pipes() {}

  static List<Integer> numbers(int n) {
    return IntStream.range(0, n).boxed().toList();
  }

  static Pipe<Integer> pipe(int n) {
    return Pipe.from(Source.of(numbers(n)));
  }

  static Pipe<Integer> endless() {
    var next = new AtomicInteger();
    return Pipe.from(Source.generate(next::getAndIncrement));
  }

  /** Waits until it is interrupted. */
  @SuppressWarnings("TypeParameterUnusedInFormals") // it returns nothing
  static <T> T never() throws InterruptedException {
    new CountDownLatch(1).await();
    throw new AssertionError();
  }

  static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(50, TimeUnit.SECONDS)).isTrue();
  }

  /** Fails for the number. */
  static StageFunction<Integer, Integer> failsOn(int number) {
    return n -> {
      if (n == number) {
        throw new IOException("no " + n);
      }
      return n;
    };
  }

  /** Waits for the latch, each time. */
  static <T> StageFunction<T, T> waitsFor(CountDownLatch latch) {
    return element -> {
      latch.await();
      return element;
    };
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // the end of a source
  static <T> T none() {
    return null;
  }
}
