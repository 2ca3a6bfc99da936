package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailureHandlers;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageConsumer;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A run reports the right cause of its end: once, in the same words on all engines, and with the
 * stage.
 */
abstract class CausesConformance extends Theme {

  private final IOException boom = new IOException("boom");

  private static String message(Ended<?> ended) {
    return Objects.requireNonNull(Objects.requireNonNull(ended.thrown()).getMessage());
  }

  // An exception of the user is not changed

  /**
   * Apache Kafka's clients throw constant exceptions. A suppressed exception added to a constant
   * would appear in all later failures, and the list would grow.
   */
  @ParameterizedTest
  @EnumSource
  void sharedExceptionIsNotChanged(Site site) {
    for (int round = 0; round < 5; round++) {
      var pipe = site.addTo(Pipe.from(Numbers.below(200)), x -> raise(boom));
      run(pipe.to(Sink.count()), Context.background(), failure -> {});
      var worse = new IllegalStateException("worse");
      run(pipe.to(Sink.count()), Context.background(), failure -> raise(worse)).failed();
      assertThat(worse.getSuppressed()).isEmpty();
      run(pipe.to(Sink.count()), Context.background(), FailureHandlers.stop()).failed();
      run(pipe.to(Sink.count()), Context.background(), failure -> raise(boom)).failed();
    }
    assertThat(boom.getSuppressed()).isEmpty();
    assertThat(boom.getCause()).isNull();
  }

  // Elements that cannot be shown

  /** The {@code toString} of an element, as classes of users write it. */
  enum Text {
    THROWS,
    OVERFLOWS,
    HUGE,
    NULL
  }

  private record Element(Text text) {
    @Override
    @SuppressWarnings("NullAway") // that is the test
    public String toString() {
      return switch (text) {
        case THROWS -> throw new IllegalStateException("no text");
        case OVERFLOWS -> deep(0);
        case HUGE -> "x".repeat(60_000_000);
        case NULL -> nothing();
      };
    }

    @SuppressWarnings("InfiniteRecursion") // that is the test
    private static String deep(int depth) {
      return deep(depth + 1) + depth;
    }

    private static @Nullable String nothing() {
      return null;
    }
  }

  private void tellsTheRealCause(Ended<?> ended) {
    assertThat(ended.failed()).isSameAs(boom);
    assertThat(message(ended)).hasSizeLessThan(600).contains("boom");
  }

  @ParameterizedTest
  @EnumSource
  void elementThatCannotBeShownHidesNoFailure(Text text) {
    Source<Element> source = Source.of(List.of(new Element(text)));
    StageConsumer<Failure<?>> stop = FailureHandlers.stop();
    var map = Pipe.from(source).map("map", x -> raise(boom)).to(Sink.count());
    tellsTheRealCause(run(map, Context.background(), stop));
    var parallel = Pipe.from(source).mapParallel("map", 2, x -> raise(boom)).to(Sink.count());
    tellsTheRealCause(run(parallel, Context.background(), stop));
    var policy = Pipe.from(source).onFailure(FailurePolicy.stop()).map("map", x -> raise(boom));
    tellsTheRealCause(run(policy.to(Sink.count())));
    tellsTheRealCause(run(Pipe.from(source).to(Sink.forEach(x -> raise(boom)))));
    var throwing = Pipe.from(source).map("map", x -> raise(new IOException("first")));
    tellsTheRealCause(run(throwing.to(Sink.count()), Context.background(), f -> raise(boom)));
  }

  // Which of two is the cause

  // pekko#3162, akka-core#24924: the exception of the close hides the exception of the source.
  @Test
  void failureOfASourceIsTheCauseEvenIfItsCloseFailsToo() {
    var close = new IllegalStateException("close");
    Source<Integer> source =
        context ->
            new Source.Cursor<>() {
              @Override
              public Integer next() throws Exception {
                return raise(boom);
              }

              @Override
              public void close() {
                throw close;
              }
            };
    var ended = run(Pipe.from("numbers", source).map("map", x -> x).to(Sink.count()));
    assertThat(ended.failed()).isSameAs(boom);
    assertThat(ended.tells(close)).isTrue();
    assertThat(boom.getSuppressed()).isEmpty();
  }

  // The number of times that an exception is reported

  private static Ended<?> ended(Trial<?> trial, Future<?>... others) {
    for (Future<?> other : others) {
      try {
        other.get();
      } catch (Exception e) {
        // the end of the run reports this exception too
      }
    }
    return trial.join();
  }

  @Test
  void stubbornFunctionIsToldOnce() {
    for (int round = 0; round < 10; round++) {
      var running = new CountDownLatch(1);
      var released = new AtomicBoolean();
      var pipe =
          Pipe.from(Numbers.below(1))
              .mapParallel(
                  "stubborn",
                  2,
                  x -> {
                    running.countDown();
                    while (!released.get()) {
                      Thread.yield();
                    }
                    return x;
                  });
      var trial = startWithGrace(pipe.to(Sink.count()), Duration.ofMillis(20));
      try {
        await(running);
        trial.run().cancel(boom);
        var joins = Stream.generate(() -> new FutureTask<>(trial.run()::join)).limit(4).toList();
        joins.forEach(join -> Thread.ofVirtual().name(Threads.OWN).start(join));
        var ended = ended(trial, joins.toArray(Future<?>[]::new));
        List<String> told =
            Arrays.stream(Objects.requireNonNull(ended.thrown()).getSuppressed())
                .map(Throwable::getMessage)
                .toList();
        assertThat(told)
            .filteredOn(each -> each.startsWith("after 20 ms of grace, functions ignore"))
            .hasSize(1);
        assertThat(told).doesNotHaveDuplicates();
      } finally {
        released.set(true);
      }
      trial.noThreadIsLeft();
    }
  }

  // Where it was, in the same words on all engines

  @Test
  void failureOfAnElementIsToldWithItsStage() {
    var pipe = Pipe.from(Numbers.below(3)).map("map", x -> x == 2 ? raise(boom) : x);
    var ended = run(pipe.to(Sink.count()), Context.background(), FailureHandlers.stop());
    String expected =
        "the run failed: stage 'map' failed on 2 (attempt 1): java.io.IOException: boom";
    assertThat(message(ended)).isEqualTo(expected);
    var policy =
        Pipe.from(Numbers.below(3))
            .onFailure(FailurePolicy.stop())
            .map("map", x -> x == 2 ? raise(boom) : x);
    assertThat(message(run(policy.to(Sink.count())))).isEqualTo(expected);
    var parallel = Pipe.from(Numbers.below(3)).mapParallel("map", 1, x -> x == 2 ? raise(boom) : x);
    assertThat(
            message(run(parallel.to(Sink.count()), Context.background(), FailureHandlers.stop())))
        .isEqualTo(expected);
  }

  @Test
  void errorOfAnElementIsToldWithItsStage() {
    var error = new StackOverflowError("deep");
    var pipe = Pipe.from(Numbers.below(3)).map("map", x -> x == 2 ? raise(error) : x);
    var ended = run(pipe.to(Sink.count()));
    assertThat(ended.failed()).isSameAs(error);
    assertThat(message(ended))
        .isEqualTo(
            "the run failed: stage 'map' failed on 2 (attempt 1): java.lang.StackOverflowError:"
                + " deep");
  }

  @ParameterizedTest
  @EnumSource
  void handlerThatThrowsIsToldWithTheFailureThatItHandled(Site site) {
    var worse = new IllegalStateException("worse");
    var pipe = site.addTo(Pipe.from(Numbers.below(1)), x -> raise(boom));
    var ended = run(pipe.to(Sink.count()), Context.background(), failure -> raise(worse));
    assertThat(ended.failed()).isSameAs(worse);
    assertThat(ended.tells(boom)).isTrue();
    assertThat(message(ended))
        .isEqualTo(
            "the run failed: the failure handler threw java.lang.IllegalStateException: worse while"
                + " it handled: stage '%s' failed on %s (attempt 1): java.io.IOException: boom"
                    .formatted(Site.NAME, site.failed(0)));
  }

  @Test
  void deadLetterConsumerThatThrowsIsToldInTheSameWay() {
    var worse = new IllegalStateException("worse");
    var pipe =
        Pipe.from(Numbers.below(1))
            .onFailure(FailurePolicy.deadLetters(failure -> raise(worse)))
            .map("map", x -> raise(boom));
    var ended = run(pipe.to(Sink.count()));
    assertThat(ended.failed()).isSameAs(worse);
    assertThat(ended.tells(boom)).isTrue();
    assertThat(message(ended)).contains("worse while it handled: stage 'map' failed on 0");
  }

  @Test
  void sinkThatThrowsIsToldWithTheElement() {
    var pipe = Pipe.from(Numbers.below(3)).map("map", x -> x * 10);
    var ended = run(pipe.to(Sink.forEach(x -> assertThat(x).isLessThan(20))));
    assertThat(message(ended)).startsWith("the run failed: the sink failed on 20: ");
    Sink<Integer, Integer> finish =
        context ->
            new Sink.Receiver<>() {
              @Override
              public boolean accept(Integer element) {
                return true;
              }

              @Override
              public Integer finish() throws Exception {
                return raise(boom);
              }
            };
    assertThat(message(run(pipe.to(finish))))
        .isEqualTo(
            "the run failed: the sink failed when it was finished: java.io.IOException: boom");
    Sink<Integer, Integer> open = context -> raise(boom);
    assertThat(message(run(pipe.to(open))))
        .isEqualTo("the run failed: the sink failed when it was opened: java.io.IOException: boom");
  }

  @Test
  void sourceThatThrowsIsToldWithItsName() {
    var source = Numbers.endless().at(2, () -> raise(boom));
    assertThat(message(run(Pipe.from("numbers", source).map("map", x -> x).to(Sink.count()))))
        .isEqualTo(
            "the run failed: source 'numbers' failed after 2 elements: java.io.IOException: boom");
    Source<Integer> open = context -> raise(boom);
    assertThat(message(run(Pipe.from("numbers", open).to(Sink.count()))))
        .isEqualTo(
            "the run failed: source 'numbers' failed when it was opened: java.io.IOException:"
                + " boom");
  }

  @Test
  void stateThatCannotBeMadeIsToldWithItsStage() {
    var pipe =
        Pipe.from(Numbers.below(3)).<Integer>scan("sum", () -> raiseUnchecked(), (s, x) -> x);
    assertThat(message(run(pipe.to(Sink.count()))))
        .isEqualTo(
            "the run failed: stage 'sum' failed when it was opened:"
                + " java.lang.IllegalStateException: no state");
  }

  private static Integer raiseUnchecked() {
    throw new IllegalStateException("no state");
  }

  @Test
  void cancellationIsToldInTheSameWords() {
    var waiting = new CountDownLatch(1);
    var trial = start(Pipe.from(silentFrom(0, waiting)).to(Sink.count()));
    await(waiting);
    trial.run().cancel(boom);
    assertThat(message(trial.end())).isEqualTo("the run was cancelled: java.io.IOException: boom");
  }

  @Test
  void drainThatTakesTooLongSaysWhereTheRunStood() {
    var running = new CountDownLatch(1);
    var pipe =
        Pipe.from(Numbers.below(1))
            .map(
                "slow",
                x -> {
                  running.countDown();
                  return CausesConformance.<Integer>blockForever();
                });
    var trial = start(pipe.to(Sink.count()));
    await(running);
    trial.run().drain(Duration.ofMillis(1));
    assertThat(trial.end().cancelled())
        .hasMessageStartingWith("the drain has not ended within 1 ms:")
        .hasMessageContaining("slow");
  }

  /** Each of the deadlines holds: it was promised to its caller. */
  @Test
  void earliestOfSeveralDrainsCounts() {
    var running = new CountDownLatch(1);
    var pipe =
        Pipe.from(Numbers.below(1))
            .map(
                "slow",
                x -> {
                  running.countDown();
                  return CausesConformance.<Integer>blockForever();
                });
    var trial = start(pipe.to(Sink.count()));
    await(running);
    trial.run().drain(Duration.ofMillis(1));
    trial.run().drain(Duration.ofHours(1));
    assertThat(trial.end().cancelled()).hasMessageContaining("within 1 ms");
  }
}
