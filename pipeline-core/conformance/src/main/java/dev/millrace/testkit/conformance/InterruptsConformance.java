package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageConsumer;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * If a function of the user leaves its interrupt flag set, the flag ends with the call: no other
 * element and no other function sees it. Interrupts of the run itself still arrive.
 */
abstract class InterruptsConformance extends Theme {

  private final AtomicInteger seen = new AtomicInteger();

  private <T> T leave(T element) {
    look(element);
    Thread.currentThread().interrupt();
    return element;
  }

  private void look(Object element) {
    if (Thread.currentThread().isInterrupted()) {
      seen.incrementAndGet();
    }
  }

  /** Blocks for a moment, so that an interrupt would make the element fail. */
  private static <T> T block(T element) throws InterruptedException {
    Thread.sleep(0, 1);
    return element;
  }

  private void noneIsSeen(
      Pipe<Integer> pipe, int elements, StageConsumer<? super Failure<?>> onFailure) {
    var sink = Sink.<Integer>forEach(this::look);
    var ended = run(pipe.to(sink), Context.background(), onFailure);
    assertThat(ended.result()).isEqualTo(elements);
    assertThat(seen).as("interrupts of other calls that a function has seen").hasValue(0);
  }

  @ParameterizedTest
  @EnumSource
  void interruptThatAFunctionLeavesEndsWithItsCall(Site site) {
    var pipe = site.addTo(Pipe.from(Numbers.below(50).before(this::look)), this::leave);
    noneIsSeen(pipe.map("next", InterruptsConformance::block), 50, failure -> {});
  }

  @ParameterizedTest
  @EnumSource
  void interruptOfAFunctionThatFailsEndsWithItsCall(Site site) {
    var pipe =
        site.addTo(
            Pipe.from(Numbers.below(50).before(this::look)),
            x -> x % 2 == 0 ? leave(x) : raise(new IOException("boom " + leave(x))));
    noneIsSeen(pipe.map("next", InterruptsConformance::block), 25, this::leave);
  }

  @Test
  void interruptOfEachElementThatAFlatMapEmitsEndsWithItsCall() {
    var pipe =
        Pipe.from(Numbers.below(5))
            .flatMap("many", x -> List.of(x, x + 1, x + 2))
            .map("leaves", this::leave)
            .tee("blocks", InterruptsConformance::block)
            .map("leaves again", this::leave)
            .filter("filter", x -> leave(x) >= 0);
    noneIsSeen(pipe, 15, failure -> {});
  }

  @Test
  void interruptOfASourceEndsWithItsCall() {
    noneIsSeen(Pipe.from(Numbers.below(50).before(this::leave)), 50, failure -> {});
  }

  @Test
  void interruptOfASinkEndsWithItsCall() {
    var source = Numbers.below(50).before(this::look);
    var direct = Pipe.from(source).tee("tee", InterruptsConformance::block);
    var sink = Sink.<Integer>forEach(this::leave);
    assertThat(run(direct.to(sink)).wholeResult()).isEqualTo(50);
    assertThat(run(direct.buffer("buffer", 2).to(sink)).wholeResult()).isEqualTo(50);
    assertThat(seen).hasValue(0);
  }

  @Test
  void interruptOfAFoldEndsWithItsCall() {
    Sink<Integer, Integer> sum = Sink.fold(() -> 0, (state, x) -> state + leave(x));
    assertThat(run(Pipe.from(Numbers.below(10)).to(sum)).wholeResult()).isEqualTo(45);
    assertThat(seen).hasValue(0);
  }

  // The interrupts of the run

  @ParameterizedTest
  @EnumSource
  void interruptOfTheRunArrivesAmongThoseOfFunctions(Site site) {
    var running = new CountDownLatch(1);
    var pipe =
        site.addTo(
            Pipe.from(Numbers.endless()).map("leaves", this::leave),
            x -> {
              if (x < 20) {
                return leave(x);
              }
              running.countDown();
              return blockForever();
            });
    var cause = new IOException("cancelled by the test");
    var trial = start(pipe.to(Sink.count()));
    await(running);
    trial.run().cancel(cause);
    assertThat(trial.end().cancelled()).isSameAs(cause);
  }
}
