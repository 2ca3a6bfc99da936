package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipes;
import dev.millrace.pipeline.Sink;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Pipes that are run for the elements of another pipe. */
abstract class InnerPipesConformance extends SettlementTheme {

  private Pipe<Integer> inner(Pipe<Integer> pipe, Numbers numbers) {
    return Pipes.concatMap(
        "inner",
        pipe,
        kit().engine(),
        x -> Pipe.from(numbers).mapParallel("scale", 2, y -> x * 10 + y));
  }

  @Test
  void elementsOfInnerPipesComeOneAfterTheOther() {
    var numbers = Numbers.below(3);
    assertThat(elements(inner(Pipe.from(Numbers.below(3)), numbers)))
        .containsExactly(0, 1, 2, 10, 11, 12, 20, 21, 22);
    assertThat(elements(inner(Pipe.from(Numbers.below(0)), numbers))).isEmpty();
    assertThat(elements(inner(Pipe.from(Numbers.below(2)), Numbers.below(0)))).isEmpty();
    assertThat(elements(inner(Pipe.from(Numbers.below(1)), Numbers.below(500)))).hasSize(500);
    numbers.checkReleased();
  }

  @Test
  void innerPipesRunAtOnceAndEachKeepsItsOrder() {
    var three = new CountDownLatch(3);
    var pipe =
        Pipes.flatMap(
            "inner",
            3,
            Pipe.from(Numbers.below(30)), // enough for every lane, however they are given out
            kit().engine(),
            x ->
                Pipe.from(
                        Numbers.below(20)
                            .at(
                                0,
                                () -> {
                                  three.countDown();
                                  await(three);
                                }))
                    .map("scale", y -> x * 100 + y));
    List<Integer> results = elements(pipe);
    assertThat(results).hasSize(600);
    for (int x = 0; x < 30; x++) {
      int of = x;
      assertThat(results.stream().filter(each -> each / 100 == of)).isSorted().hasSize(20);
    }
  }

  @Test
  void failureOfAnInnerPipeIsOneOfTheOuterElement() {
    var cause = new IOException("inside");
    var pipe =
        Pipes.concatMap(
            "inner",
            Pipe.from(Numbers.below(3)),
            kit().engine(),
            x ->
                Pipe.from(Numbers.below(2)).map("scale", y -> x == 1 && y == 1 ? raise(cause) : x));
    var ended = run(pipe.to(Sink.<Integer>toList()), Context.background(), failure -> {});
    assertThat(ended.result()).startsWith(0, 0).endsWith(2, 2);
    assertThat(ended.failures()).hasSize(1);
    var failure = ended.failures().getFirst();
    assertThat(failure.stage()).isEqualTo("inner");
    assertThat(failure.element()).isEqualTo(1);
    assertThat(failure.cause()).isSameAs(cause);
  }

  @Test
  void errorOfAnInnerPipeStopsTheOuterRun() {
    var error = new StackOverflowError("inside");
    var pipe =
        Pipes.concatMap(
            "inner",
            Pipe.from(Numbers.endless()),
            kit().engine(),
            x ->
                Pipe.from(Numbers.below(2))
                    .<Integer>map(
                        "scale",
                        y -> {
                          throw error;
                        }));
    assertThat(run(pipe.to(Sink.count())).failed()).isSameAs(error);
  }

  @Test
  void innerPipeEndsWithTheOuterRun() {
    var taken = Numbers.endless();
    var outer = Numbers.endless();
    var pipe = inner(Pipe.from(outer), taken).take("ten", 10);
    assertThat(run(pipe.to(Sink.count())).result()).isEqualTo(10);
    taken.checkReleased();
    outer.checkReleased();
  }

  @Test
  void cancelledRunEndsItsInnerPipes() {
    var silent = new CountDownLatch(1);
    var numbers =
        Numbers.endless()
            .at(
                2,
                () -> {
                  silent.countDown();
                  blockForever();
                });
    var trial = start(inner(Pipe.from(Numbers.endless()), numbers).to(Sink.count()));
    await(silent);
    var cause = new IOException("stop");
    trial.run().cancel(cause);
    assertThat(trial.end().cancelled()).isSameAs(cause);
    numbers.checkReleased();
  }

  @Test
  void drainedRunLetsAnInnerPipeFinish() {
    var begun = new CountDownLatch(1);
    var drained = new CountDownLatch(1);
    var numbers =
        Numbers.below(5)
            .at(
                2,
                () -> {
                  begun.countDown();
                  await(drained);
                });
    var trial = start(inner(Pipe.from(Numbers.endless()), numbers).to(Sink.<Integer>toList()));
    await(begun);
    trial.run().drain(Duration.ofMinutes(1));
    drained.countDown();
    assertThat(trial.end().result()).startsWith(0, 1, 2, 3, 4);
    numbers.checkReleased();
  }

  @Test
  void outerElementIsSettledWithTheLastElementOfItsPipe() {
    var seen = new AtomicInteger();
    var pipe =
        inner(Pipe.from(receipts.source(Numbers.below(3))), Numbers.below(4)).buffer("buffer", 2);
    run(pipe.to(
            Sink.forEach(
                x -> {
                  seen.incrementAndGet();
                  assertThat(receipts.settled()).doesNotContain(x / 10);
                })))
        .result();
    assertThat(seen).hasValue(12);
    receipts.check();
    receipts.checkAbandoned(List.of());
  }

  @Test
  void settlingSourceInsideIsRefused() {
    var pipe = Pipes.concatMap("inner", Pipe.from(Numbers.below(1)), kit().engine(), x -> pipe());
    assertThat(run(pipe.to(Sink.count()), Context.background(), failure -> {}).failures())
        .singleElement()
        .satisfies(failure -> assertThat(failure.cause()).hasMessageContaining("settling source"));
  }
}
