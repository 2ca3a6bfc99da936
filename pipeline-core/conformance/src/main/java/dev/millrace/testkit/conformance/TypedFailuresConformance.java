package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailureHandlers;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Failures with the type of their element, and errors that are failures of one element. */
abstract class TypedFailuresConformance extends SettlementTheme {

  private final IOException cause = new IOException("no");

  @Test
  void handlerOfAStageGetsItsElementsWithTheirType() {
    List<String> letters = Collections.synchronizedList(new ArrayList<>());
    List<Failure<?>> rest = Collections.synchronizedList(new ArrayList<>());
    var pipe =
        Pipe.from(receipts.source(Numbers.below(6)))
            .map("text", x -> "number " + x)
            .through(
                FailureHandlers.ofStage(
                    failure -> letters.add(failure.element().toUpperCase(java.util.Locale.ROOT)),
                    in -> in.mapParallel("check", 2, s -> s.endsWith("3") ? raise(cause) : s)))
            .map("last", s -> s.endsWith("4") ? raise(cause) : s);
    assertThat(run(pipe.to(Sink.count()), Context.background(), rest::add).result()).isEqualTo(4);
    assertThat(letters).containsExactly("NUMBER 3");
    assertThat(rest)
        .singleElement()
        .satisfies(failure -> assertThat(failure.element()).isEqualTo("number 4"));
    receipts.checkAbandoned(List.of());
  }

  @Test
  void handlerOfAStageIsForOneStage() {
    var pipe = Pipe.from(Numbers.below(1));
    Function<Pipe<Integer>, Pipe<Integer>> two = in -> in.map("a", x -> x).map("b", x -> x);
    assertThatThrownBy(() -> pipe.through(FailureHandlers.ofStage(failure -> {}, two)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("exactly one stage");
    assertThatThrownBy(
            () -> pipe.through(FailureHandlers.<Integer, Integer>ofStage(failure -> {}, in -> in)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void policyOfATypeRefusesOtherElements() {
    List<Integer> letters = Collections.synchronizedList(new ArrayList<>());
    var typed =
        Pipe.from(Numbers.below(3))
            .onFailure(
                FailurePolicy.deadLetters(
                    Integer.class, failure -> letters.add(failure.element() + 1)));
    var good = typed.map("map", x -> x == 1 ? raise(cause) : x);
    assertThat(elements(good)).containsExactly(0, 2);
    assertThat(letters).containsExactly(2);
    var bad = typed.map("text", x -> "text").map("map", x -> raise(cause));
    assertThat(run(bad.to(Sink.count())).failed())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("stage 'map' is for elements of java.lang.Integer");
  }

  private static final List<Error> TAKEN =
      List.of(new StackOverflowError("deep"), new AssertionError("wrong"), new LinkageError("no"));

  @ParameterizedTest
  @EnumSource
  void chosenErrorIsAFailureOfItsElement(Site site) {
    FailurePolicy policy =
        FailurePolicy.report()
            .withErrors(StackOverflowError.class, AssertionError.class, LinkageError.class);
    for (Error error : TAKEN) {
      var pipe =
          site.addTo(
              Pipe.from(Numbers.below(10)).onFailure(policy), x -> x == 4 ? raise(error) : x);
      var ended = run(pipe.to(Sink.count()), Context.background(), failure -> {});
      ended.result();
      assertThat(ended.failures()).as("failures of %s", error).isNotEmpty();
      assertThat(ended.failures()).allMatch(failure -> failure.cause() == error);
    }
  }

  @Test
  void chosenErrorIsSettledWithItsLetter() {
    List<Object> letters = Collections.synchronizedList(new ArrayList<>());
    var error = new AssertionError("wrong");
    var pipe =
        Pipe.from(receipts.source(Numbers.below(5)))
            .onFailure(
                FailurePolicy.deadLetters(failure -> letters.add(failure.element()))
                    .withErrors(AssertionError.class))
            .map("map", x -> x == 2 ? raise(error) : x);
    assertThat(run(pipe.to(Sink.count())).result()).isEqualTo(4);
    assertThat(letters).containsExactly(2);
    receipts.checkAbandoned(List.of());
  }

  @Test
  void otherErrorsStopTheRun() {
    FailurePolicy policy = FailurePolicy.report().withErrors(AssertionError.class);
    for (Error error : List.of(new OutOfMemoryError("full"), new StackOverflowError("deep"))) {
      var pipe =
          Pipe.from(Numbers.endless()).onFailure(policy).<Integer>map("map", x -> raise(error));
      assertThat(run(pipe.to(Sink.count()), Context.background(), failure -> {}).failed())
          .isSameAs(error);
    }
    assertThatThrownBy(() -> FailurePolicy.report().withErrors(OutOfMemoryError.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("OutOfMemoryError always stops a run");
    assertThatThrownBy(() -> FailurePolicy.report().withErrors(Error.class))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void chosenErrorStopsTheRunIfThePolicySaysSo() {
    var error = new AssertionError("wrong");
    var pipe =
        Pipe.from(Numbers.endless())
            .onFailure(FailurePolicy.stop().withErrors(AssertionError.class))
            .<Integer>map("map", x -> raise(error));
    assertThat(run(pipe.to(Sink.count())).failed()).isSameAs(error);
  }
}
