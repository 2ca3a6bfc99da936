package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Settlement;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A run's own functions may call the methods of the run. No call waits for itself: {@code join} is
 * refused, and the other methods return at once.
 */
abstract class InsideConformance extends Theme {

  /** The method of the run that is called. */
  enum Call {
    JOIN,
    CLOSE,
    CANCEL,
    DRAIN
  }

  /** The place of the call. */
  enum Place {
    SOURCE_OPEN,
    SOURCE_NEXT,
    SOURCE_CLOSE,
    MAP,
    PARALLEL,
    KEY,
    HANDLER,
    SINK_OPEN,
    SINK_ACCEPT,
    SINK_FINISH,
    SINK_CLOSE
  }

  static Stream<Arguments> everywhere() {
    return Stream.of(Place.values())
        .flatMap(place -> Stream.of(Call.values()).map(call -> Arguments.of(place, call)));
  }

  /** Calls a method of the run at one place, once. */
  private static final class Caller {
    private final Place place;
    private final Call call;
    private final IllegalStateException cause = new IllegalStateException("cancelled inside");
    private final CompletableFuture<Run<?>> run = new CompletableFuture<>();
    private final CompletableFuture<String> outcome = new CompletableFuture<>();

    Caller(Place place, Call call) {
      this.place = place;
      this.call = call;
    }

    void at(Place here) throws Exception {
      if (here != place || outcome.isDone()) {
        return;
      }
      Run<?> self = run.get();
      try {
        call(self);
        outcome.complete("returned");
      } catch (IllegalStateException e) {
        outcome.complete("refused: " + e.getMessage());
      }
    }

    private void call(Run<?> self) throws Exception {
      switch (call) {
        case JOIN -> self.join();
        case CLOSE -> self.close();
        case CANCEL -> self.cancel(cause);
        case DRAIN -> self.drain(Duration.ofMinutes(5));
      }
    }

    int pass(Place here, int element) throws Exception {
      at(here);
      return element;
    }

    int key(int element) {
      try {
        at(Place.KEY);
      } catch (Exception e) {
        throw new AssertionError(e);
      }
      return element % 2;
    }

    Source.Cursor<Integer> source(Context context) throws Exception {
      at(Place.SOURCE_OPEN);
      return new Source.Cursor<>() {
        private int next;

        @Override
        public @Nullable Integer next() throws Exception {
          at(Place.SOURCE_NEXT);
          return next < 50 ? next++ : null;
        }

        @Override
        public void close() throws Exception {
          at(Place.SOURCE_CLOSE);
        }
      };
    }

    Sink.Receiver<Integer, Integer> sink(Context context) throws Exception {
      at(Place.SINK_OPEN);
      return new Sink.Receiver<>() {
        private int count;

        @Override
        public boolean accept(Integer element) throws Exception {
          at(Place.SINK_ACCEPT);
          count++;
          return true;
        }

        @Override
        public Integer finish() throws Exception {
          at(Place.SINK_FINISH);
          return count;
        }

        @Override
        public void close() throws Exception {
          at(Place.SINK_CLOSE);
        }
      };
    }

    Pipeline<Integer> pipeline() {
      Source<Integer> source = this::source;
      Sink<Integer, Integer> sink = this::sink;
      return Pipe.from(source)
          .map("map", x -> pass(Place.MAP, x))
          .map("fails", x -> x == 3 ? raise(new java.io.IOException("boom")) : x)
          .mapParallel("parallel", 2, x -> pass(Place.PARALLEL, x))
          .partitionBy("lanes", this::key, 2, lane -> lane)
          .to(sink);
    }
  }

  @ParameterizedTest
  @MethodSource("everywhere")
  void callFromInsideReturnsOrIsRefused(Place place, Call call) throws Exception {
    var caller = new Caller(place, call);
    var trial = start(caller.pipeline(), Context.background(), failure -> caller.at(Place.HANDLER));
    caller.run.complete(trial.run());
    var ended = trial.end();
    String outcome = caller.outcome.getNow("it has not returned");
    if (call == Call.JOIN) {
      assertThat(outcome).startsWith("refused: join() was called by a function of the run itself");
      assertThat(ended.result()).isEqualTo(49);
    } else {
      assertThat(outcome).isEqualTo("returned");
    }
    if (call == Call.DRAIN) {
      assertThat(ended.result()).isBetween(0, 49);
    }
    if (ended.thrown() != null && call == Call.CANCEL) {
      assertThat(ended.cancelled()).isSameAs(caller.cause);
    }
    if (ended.thrown() != null && call == Call.CLOSE) {
      assertThat(ended.cancelled()).hasMessage("the run was closed");
    }
  }

  @Test
  void taskOfAFunctionIsInsideAsWell() throws Exception {
    var run = new CompletableFuture<Run<Long>>();
    var refused = new AtomicReference<Throwable>();
    var pipe =
        Pipe.from(Numbers.below(3))
            .tee(
                "forks",
                x -> {
                  try (var group = TaskGroup.open(Context.current())) {
                    var _ =
                        group.fork(
                            () -> {
                              try {
                                return run.get().join();
                              } catch (IllegalStateException e) {
                                refused.set(e);
                                return 0L;
                              }
                            });
                    group.join();
                  }
                });
    var trial = start(pipe.to(Sink.count()));
    run.complete(trial.run());
    assertThat(trial.end().result()).isEqualTo(3);
    assertThat(refused.get()).hasMessageContaining("join()");
  }

  @ParameterizedTest
  @EnumSource(names = {"JOIN", "CLOSE"})
  void runWithASourceThatSettlesDoesNotWaitForItselfEither(Call call) throws Exception {
    var caller = new Caller(Place.MAP, call);
    Settlement<Integer> settlement =
        new Settlement<>() {
          @Override
          public void settled(Integer element) {}

          @Override
          public void abandoned(Integer element) {
            try {
              caller.run.get().close();
              var _ = caller.run.get().join();
            } catch (IllegalStateException e) {
              // refused
            } catch (Exception e) {
              throw new AssertionError(e);
            }
          }
        };
    Source<Integer> source = Source.settling(Numbers.below(50), settlement);
    var pipe = Pipe.from(source).map("map", x -> caller.pass(Place.MAP, x));
    var trial = start(pipe.to(Sink.count()));
    caller.run.complete(trial.run());
    trial.end();
    assertThat(caller.outcome.getNow("it has not returned"))
        .startsWith(call == Call.JOIN ? "refused" : "returned");
  }

  /** A function may wait for another run that it has started itself. */
  @Test
  void runThatAFunctionStartsCanBeJoined() {
    var pipe =
        Pipe.from(Numbers.below(3))
            .map(
                "nested",
                x -> {
                  try (Run<Long> inner =
                      Pipe.from(Numbers.below(x))
                          .to(Sink.count())
                          .start(kit().engine(), Context.current())) {
                    return inner.join();
                  }
                });
    assertThat(elements(pipe)).containsExactly(0L, 1L, 2L);
  }
}
