package dev.millrace.testkit.conformance;

import static dev.millrace.pipeline.SourceFailure.FAIL_AFTER_DRAIN;
import static dev.millrace.pipeline.SourceFailure.FAIL_FAST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Settlement;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The elements under way when a source fails are processed or stopped, as its policy says. */
abstract class SourceFailuresConformance extends Theme {

  private static final int BEFORE = 20;

  private final IOException boom = new IOException("boom");

  /** The stages between the source and the sink: fused, or in other threads. */
  @SuppressWarnings("ImmutableEnumChecker") // functions without state
  enum Shape {
    DIRECT(pipe -> pipe),
    FUSED(pipe -> pipe.map("a", slow()).filter("b", x -> true)),
    BUFFER(pipe -> pipe.buffer("a", 64).map("b", slow())),
    BUFFERS(pipe -> pipe.buffer("a", 4).buffer("b", 4).map("c", slow()).buffer("d", 4)),
    PARALLEL(pipe -> pipe.mapParallel("a", 4, slow())),
    UNORDERED(pipe -> pipe.mapParallelUnordered("a", 4, slow()).map("b", x -> x)),
    KEYED(pipe -> pipe.mapKeyed("a", 4, x -> x % 3, slow())),
    PARTITION(pipe -> pipe.partitionBy("a", x -> x % 3, 3, lane -> lane.map("b", slow()))),
    BALANCE(pipe -> pipe.balance("a", 3, lane -> lane.map("b", slow()))),
    CONCAT(pipe -> Pipe.concat("a", List.of(pipe, Pipe.from("other", Numbers.endless())))),
    BATCH(pipe -> pipe.batch("a", 7).flatMap("b", x -> x));

    private final UnaryOperator<Pipe<Integer>> stages;

    Shape(UnaryOperator<Pipe<Integer>> stages) {
      this.stages = stages;
    }

    private static StageFunction<Integer, Integer> slow() {
      return x -> {
        Thread.sleep(1);
        return x;
      };
    }
  }

  /** Counts down at its close. An independent source is closed after its failure was recorded. */
  private record Closing(Source<Integer> source, CountDownLatch closed) implements Source<Integer> {

    @Override
    public Cursor<Integer> open(Context context) throws Exception {
      Cursor<Integer> cursor = source.open(context);
      return new Cursor<>() {
        @Override
        public @Nullable Integer next() throws Exception {
          return cursor.next();
        }

        @Override
        public void close() throws Exception {
          cursor.close();
          closed.countDown();
        }
      };
    }
  }

  /** Counts the elements, and sees how the run ends. */
  private static final class Observer implements Sink<Integer, Integer> {
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();
    private final AtomicBoolean finished = new AtomicBoolean();

    @Override
    public Receiver<Integer, Integer> open(Context context) {
      return new Receiver<>() {
        @Override
        public boolean accept(Integer element) {
          accepted.incrementAndGet();
          return true;
        }

        @Override
        public Integer finish() {
          finished.set(true);
          return accepted.get();
        }

        @Override
        public void close() {
          closed.incrementAndGet();
        }
      };
    }
  }

  private Numbers failing() {
    return Numbers.endless().at(BEFORE, () -> raise(boom));
  }

  @ParameterizedTest
  @EnumSource
  void afterDrainEveryElementReachesTheSink(Shape shape) {
    var numbers = failing();
    var sink = new Observer();
    var pipe = Pipe.from("numbers", numbers.onFailure(FAIL_AFTER_DRAIN));
    var ended = run(shape.stages.apply(pipe).to(sink));
    assertThat(ended.failed()).isSameAs(boom);
    assertThat(ended.thrown())
        .hasMessage(
            "the run failed: source 'numbers' failed after 20 elements: java.io.IOException: boom");
    assertThat(sink.accepted).hasValue(BEFORE);
    assertThat(sink.finished).as("finished").isFalse();
    assertThat(sink.closed).hasValue(1);
    assertThat(ended.report().stages())
        .allSatisfy(
            stage -> {
              assertThat(stage.unprocessed()).as("unprocessed: %s", stage).isZero();
              assertThat(stage.undelivered()).as("undelivered: %s", stage).isZero();
            });
    numbers.checkReleased();
  }

  /** The buffer reads ahead: the source fails before the take has had its elements. */
  @Test
  void afterDrainFailureBehindATakeFailsTheRunIfItWasReadAhead() {
    assumeTrue(kit().closesSourcesEarly(), "the close does not tell that the failure is recorded");
    var recorded = new CountDownLatch(1);
    var numbers = failing();
    var source = Source.independent(new Closing(numbers, recorded));
    var sink = new Observer();
    var pipe =
        Pipe.from("numbers", source.onFailure(FAIL_AFTER_DRAIN))
            .buffer("buffer", BEFORE)
            .map(
                "waits",
                x -> {
                  await(recorded);
                  return x;
                })
            .take("take", 3);
    var ended = run(pipe.to(sink));
    assertThat(ended.failed()).isSameAs(boom);
    assertThat(sink.accepted).as("the sink's elements are the same in either case").hasValue(3);
    assertThat(sink.finished).as("finished").isFalse();
    numbers.checkReleased();
  }

  @ParameterizedTest
  @EnumSource
  void failFastIsTheDefaultAndFails(Shape shape) {
    assertThat(failing().onFailure()).isEqualTo(FAIL_FAST);
    var numbers = failing();
    var sink = new Observer();
    var ended = run(shape.stages.apply(Pipe.from("numbers", numbers)).to(sink));
    assertThat(ended.failed()).isSameAs(boom);
    assertThat(ended.thrown()).hasMessageContaining("source 'numbers' failed after 20 elements");
    assertThat(sink.accepted.get()).isBetween(0, BEFORE);
    assertThat(sink.finished).isFalse();
    numbers.checkReleased();
  }

  @Test
  void failFastInterruptsWhatIsUnderWay() {
    var begun = new CountDownLatch(1);
    var numbers =
        Numbers.endless()
            .at(
                2,
                () -> {
                  await(begun);
                  raise(boom);
                });
    var pipe =
        Pipe.from(numbers)
            .mapParallel(
                "blocks",
                2,
                x -> {
                  begun.countDown();
                  return SourceFailuresConformance.<Integer>blockForever();
                });
    assertThat(run(pipe.to(Sink.count())).failed()).isSameAs(boom);
  }

  @Test
  void otherSourcesAreStoppedWhenOneFails() {
    var blocked = new CountDownLatch(1);
    var silent = silentFrom(5, blocked);
    var failing =
        Numbers.endless()
            .at(
                BEFORE,
                () -> {
                  await(blocked);
                  raise(boom);
                });
    var sink = new Observer();
    var pipe =
        Pipe.merge(
            "merge",
            List.of(
                Pipe.from("silent", silent),
                Pipe.from("failing", failing.onFailure(FAIL_AFTER_DRAIN))));
    assertThat(run(pipe.to(sink)).failed()).isSameAs(boom);
    assertThat(sink.accepted).hasValue(BEFORE + 5);
  }

  @Test
  void sourceThatCannotBeOpenedFailsAfterTheOthersElements() {
    Source<Integer> broken = context -> raise(boom);
    var pipe =
        Pipe.concat(
            "concat",
            List.of(
                Pipe.from("first", Numbers.below(BEFORE)),
                Pipe.from("broken", broken.onFailure(FAIL_AFTER_DRAIN))));
    var sink = new Observer();
    var ended = run(pipe.to(sink));
    assertThat(ended.failed()).isSameAs(boom);
    assertThat(sink.accepted).hasValue(BEFORE);
    assertThat(sink.finished).isFalse();
  }

  @Test
  void runCanBeCancelledWhileItDrains() {
    var begun = new CountDownLatch(1);
    var failed = new CountDownLatch(1);
    var numbers =
        Numbers.endless()
            .at(
                1,
                () -> {
                  await(begun);
                  failed.countDown();
                  raise(boom);
                })
            .onFailure(FAIL_AFTER_DRAIN);
    var pipe =
        Pipe.from(numbers)
            .mapParallel(
                "blocks",
                2,
                x -> {
                  begun.countDown();
                  return SourceFailuresConformance.<Integer>blockForever();
                });
    var cause = new IOException("cancelled by the test");
    var trial = start(pipe.to(Sink.count()));
    await(failed);
    trial.run().cancel(cause);
    assertThat(trial.end().cancelled()).isSameAs(cause);
  }

  @Test
  void errorOfASourceAlwaysFailsFast() {
    var error = new StackOverflowError("deep");
    var begun = new CountDownLatch(1);
    var numbers =
        Numbers.endless()
            .at(
                1,
                () -> {
                  await(begun);
                  raise(error);
                })
            .onFailure(FAIL_AFTER_DRAIN);
    var pipe =
        Pipe.from(numbers)
            .mapParallel(
                "blocks",
                2,
                x -> {
                  begun.countDown();
                  return SourceFailuresConformance.<Integer>blockForever();
                });
    assertThat(run(pipe.to(Sink.count())).failed()).isSameAs(error);
  }

  @Test
  void afterDrainEveryElementOfASourceThatSettlesIsSettled() {
    var settled = new AtomicInteger();
    var abandoned = new AtomicInteger();
    Settlement<Integer> settlement =
        new Settlement<>() {
          @Override
          public void settled(Integer element) {
            settled.incrementAndGet();
          }

          @Override
          public void abandoned(Integer element) {
            abandoned.incrementAndGet();
          }
        };
    Source<Integer> source = Source.settling(failing(), settlement).onFailure(FAIL_AFTER_DRAIN);
    var ended = run(Pipe.from(source).mapParallel("map", 4, x -> x).to(Sink.count()));
    assertThat(ended.failed()).isSameAs(boom);
    assertThat(settled).hasValue(BEFORE);
    assertThat(abandoned).hasValue(0);
  }
}
