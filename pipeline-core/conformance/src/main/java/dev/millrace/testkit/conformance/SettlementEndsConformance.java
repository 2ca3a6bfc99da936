package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailureHandlers;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Settlement;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Like {@link SettlementConformance}, for failed elements, and for the end of the run. */
abstract class SettlementEndsConformance extends SettlementTheme {

  // Failures

  @Test
  void elementIsNotSettledBeforeTheHandlerHasReturned() {
    List<Set<Integer>> during = new ArrayList<>();
    List<Failure<?>> dead = new CopyOnWriteArrayList<>();
    var pipe =
        pipe()
            .map("report", x -> x == 3 ? raise(new IOException("three")) : x)
            .onFailure(FailurePolicy.deadLetters(dead::add))
            .mapParallel("dead", 1, x -> x == 5 ? raise(new IOException("five")) : x);
    run(
            pipe.to(Sink.count()),
            Context.background(),
            failure -> {
              assertThat(failure.element()).isEqualTo(3);
              during.add(Set.copyOf(receipts.settled()));
            })
        .result();
    assertThat(during).hasSize(1).noneMatch(settled -> settled.contains(3));
    assertThat(dead).extracting(Failure::element).isEqualTo(List.of(5));
    receipts.checkAbandoned(List.of());
  }

  @Test
  void elementsWhoseFailureNobodyTookAreAbandoned() {
    var thrown = new IllegalStateException("no room for failures");
    var pipe = pipe().map("fail", x -> x == 3 ? raise(new IOException("three")) : x);
    var ended =
        run(
            pipe.to(Sink.count()),
            Context.background(),
            failure -> {
              throw thrown;
            });
    assertThat(ended.failed()).isSameAs(thrown);
    receipts.checkSettled(numbers(0, 3));
  }

  @Test
  void firstFailureIsToldAsEver() {
    var cause = new IOException("three");
    var pipe = pipe().map("fail", x -> x == 3 ? raise(cause) : x);
    var ended = run(pipe.to(Sink.count()), Context.background(), FailureHandlers.stop());
    assertThat(ended.failed()).isSameAs(cause);
    assertThat(ended.messages()).contains("stage 'fail' failed on 3 (attempt 1)");
    receipts.checkSettled(numbers(0, 3));
  }

  @Test
  void failuresOfKeysAndPairsAreSettled() {
    List<Object> failed = new CopyOnWriteArrayList<>();
    var others = new Receipts();
    var pipe =
        pipe()
            .<Integer>partitionBy(
                "parts",
                x -> keyUnless(x % 10 == 1, x),
                3,
                lane ->
                    lane.<Integer>broadcast(
                        "two", List.of(one -> one.map("a", x -> x), two -> two.map("b", x -> x))))
            .<Integer>mapKeyed("keyed", 3, x -> keyUnless(x % 10 == 2, x), x -> x)
            .zip(
                "zip",
                Pipe.from("others", others.source(Numbers.below(3 * N))),
                (x, y) -> x % 10 == 3 ? raise(new IOException("three")) : x);
    run(pipe.to(Sink.count()), Context.background(), failure -> failed.add(failure.element()))
        .result();
    receipts.checkAbandoned(List.of());
    others.check();
    assertThat(failed).contains(1, 11, 2, 2, 12, 12);
    assertThat(failed.stream().filter(element -> element instanceof List<?>))
        .hasSize(2 * N / 10)
        .allMatch(pair -> ((List<?>) pair).stream().allMatch(Integer.class::isInstance));
  }

  private static Integer keyUnless(boolean fails, Integer element) {
    if (fails) {
      throw new IllegalStateException("no key");
    }
    return element;
  }

  // The end

  @Test
  void elementsThatNobodyWantsAnyMoreAreAbandoned() {
    assertThat(run(pipe().to(Sink.first())).result()).contains(0);
    receipts.checkSettled(List.of(0));
  }

  @Test
  void elementThatTheSinkFailsOnIsAbandoned() {
    var cause = new IOException("disk full");
    var ended =
        run(
            pipe()
                .to(
                    Sink.forEach(
                        x -> {
                          if (x == 4) {
                            throw cause;
                          }
                        })));
    assertThat(ended.failed()).isSameAs(cause);
    receipts.checkSettled(numbers(0, 4));
  }

  @Test
  void elementsOfAFileAreSettledWithTheFile(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("lines");
    Source<Integer> source =
        Numbers.below(N).before(next -> assertThat(receipts.settled()).isEmpty());
    run(Pipe.from(receipts.source(source)).map("line", x -> "" + x).to(Sink.lines(file))).result();
    assertThat(Files.readAllLines(file)).hasSize(N);
    receipts.checkAbandoned(List.of());
  }

  @Test
  void elementsOfAFileThatWasNotWrittenAreAbandoned(@TempDir Path folder) {
    var cause = new IOException("the source breaks");
    Source<Integer> source =
        Numbers.below(N)
            .before(
                next -> {
                  if (next == 20) {
                    throw cause;
                  }
                });
    Path file = folder.resolve("lines");
    var ended =
        run(Pipe.from(receipts.source(source)).map("line", x -> "" + x).to(Sink.lines(file)));
    assertThat(ended.failed()).isSameAs(cause);
    receipts.checkSettled(List.of());
  }

  @Test
  void sourceIsClosedAfterItsElementsHaveEnded() {
    var numbers = Numbers.below(N);
    var pipe =
        Pipe.from(receipts.source(numbers))
            .buffer("behind", N)
            .tee("open", x -> assertThat(receipts.settled()).doesNotContain(x));
    run(pipe.to(Sink.count())).result();
    receipts.checkAbandoned(List.of());
    numbers.checkReleased();
  }

  @Test
  void failureOfALateCloseIsToldByJoin() {
    var cause = new IOException("cannot be closed");
    Source<Integer> source =
        context ->
            new Source.Cursor<>() {
              @Override
              public @Nullable Integer next() {
                return null;
              }

              @Override
              public void close() throws IOException {
                throw cause;
              }
            };
    var trial = start(Pipe.from(receipts.source(source)).to(Sink.count()));
    assertThat(trial.join().failed()).isSameAs(cause);
  }

  @Test
  void settlementThatThrowsStopsTheRun() {
    var thrown = new IllegalStateException("no receipt");
    Settlement<Integer> settlement =
        new Settlement<>() {
          @Override
          public void settled(Integer element) {
            throw thrown;
          }

          @Override
          public void abandoned(Integer element) {}
        };
    var pipe = Pipe.from(Source.settling(Numbers.endless(), settlement));
    var ended = run(pipe.filter("none", x -> false).to(Sink.count()));
    assertThat(ended.failed()).isInstanceOf(Error.class).hasCause(thrown);
  }

  @Test
  void nobodySettlesForAnEngineThatWasAskedItself() {
    var pipeline = pipe().to(Sink.count());
    var run = kit().engine().start(pipeline, Context.background(), failure -> {});
    var ended = assertThatThrownByJoin(run);
    assertThat(ended).hasRootCauseInstanceOf(IllegalStateException.class);
  }

  private static Throwable assertThatThrownByJoin(dev.millrace.pipeline.Run<?> run) {
    try {
      run.join();
    } catch (Exception e) {
      return e;
    }
    throw new AssertionError("it has not failed");
  }
}
