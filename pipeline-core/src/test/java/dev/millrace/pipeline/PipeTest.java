package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Mistakes are refused when the blueprint is made, with a helpful message. */
class PipeTest {

  private static Pipe<Integer> numbers() {
    return numbers("source");
  }

  private static Pipe<Integer> numbers(String name) {
    return Pipe.from(name, Source.of(List.of(1, 2, 3)));
  }

  private static void refused(ThrowingCallable composition, String message) {
    assertThatThrownBy(composition)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private static <T> void nullRefused(Callable<T> composition) {
    assertThatThrownBy(composition::call).isInstanceOf(NullPointerException.class);
  }

  @Test
  void namesMustNotBeBlank() {
    refused(() -> Pipe.from(" ", Source.of(List.of(1))), "blank");
    refused(() -> numbers().map("", x -> x), "blank");
    refused(() -> numbers().mapParallel("\t", 2, x -> x), "blank");
    refused(() -> numbers().buffer("", 1), "blank");
    refused(() -> Pipe.merge("", List.of(numbers())), "blank");
    refused(() -> Pipe.concat(" ", List.of(numbers())), "blank");
    refused(() -> numbers().zip("", numbers("b"), Integer::sum), "blank");
    refused(() -> numbers().balance(" ", 2, lane -> lane), "blank");
  }

  @Test
  void namesAreUnique() {
    refused(() -> numbers().map("a", x -> x).map("a", x -> x).to(Sink.count()), "called 'a'");
    refused(() -> numbers().map("source", x -> x).to(Sink.count()), "called 'source'");
    refused(() -> numbers().map("sink", x -> x).to(Sink.count()), "called 'sink'");
    refused(
        () -> Pipe.merge("m", List.of(numbers(), numbers())).to(Sink.count()), "called 'source'");
    refused(
        () ->
            numbers()
                .<Integer>broadcast(
                    "b", List.of(lane -> lane.map("x", x -> x), lane -> lane.map("x", x -> x)))
                .to(Sink.count()),
        "called 'x'");
    refused(
        () ->
            numbers()
                .map("x", x -> x)
                .partitionBy("p", x -> x, 2, lane -> lane.map("x", x -> x))
                .to(Sink.count()),
        "called 'x'");
  }

  @Test
  void numbersMustBePositive() {
    refused(() -> numbers().mapParallel("a", 0, x -> x), "parallelism must be at least 1");
    refused(() -> numbers().mapParallel("a", -1, x -> x), "but is -1");
    refused(() -> numbers().mapParallelUnordered("a", 0, x -> x), "parallelism");
    refused(() -> numbers().mapKeyed("a", 0, x -> x, x -> x), "parallelism");
    refused(() -> numbers().mapAsync("a", 0, CompletableFuture::completedFuture), "parallelism");
    refused(() -> numbers().take("a", -1), "take");
    refused(() -> numbers().skip("a", -1), "skip");
    refused(() -> numbers().batch("a", 0), "batch");
    refused(() -> numbers().window("a", 0, 1), "size of a window");
    refused(() -> numbers().window("a", 1, 0), "step of a window");
    refused(() -> numbers().buffer("a", 0), "capacity");
    refused(() -> numbers().balance("a", 0, lane -> lane), "copies");
    refused(() -> numbers().partitionBy("a", x -> x, 0, lane -> lane), "copies");
    refused(() -> numbers().<Integer>broadcast("a", List.of()), "branches");
    refused(() -> Pipe.merge("a", List.<Pipe<Integer>>of()), "no pipes");
    refused(() -> Pipe.concat("a", List.<Pipe<Integer>>of()), "no pipes");
  }

  @Test
  void timesMustBePositive() {
    refused(() -> numbers().batch("a", 1, Duration.ZERO), "positive");
    refused(() -> numbers().batch("a", 0, Duration.ofSeconds(1)), "size of a batch");
    refused(() -> numbers().throttle("a", 1, Duration.ofSeconds(-1)), "positive");
    refused(() -> numbers().throttle("a", 0, Duration.ofSeconds(1)), "number of elements");
    refused(() -> numbers().debounce("a", Duration.ZERO), "positive");
    refused(() -> numbers().sample("a", Duration.ofDays(50_000)), "hundred years");
  }

  @Test
  @SuppressWarnings("NullAway") // passes null on purpose
  void nullsAreRefusedAtOnce() {
    nullRefused(() -> Pipe.from((Source<Integer>) null));
    nullRefused(() -> Pipe.from(null, Source.of(List.of(1))));
    nullRefused(() -> numbers().map(null, x -> x));
    nullRefused(() -> numbers().map("a", null));
    nullRefused(() -> numbers().filter("a", null));
    nullRefused(() -> numbers().flatMap("a", null));
    nullRefused(() -> numbers().tee("a", null));
    nullRefused(() -> numbers().scan("a", null, (s, x) -> s));
    nullRefused(() -> numbers().scan("a", () -> 0, null));
    nullRefused(() -> numbers().takeWhile("a", null));
    nullRefused(() -> numbers().distinct("a", null));
    nullRefused(() -> numbers().via("a", null));
    nullRefused(() -> numbers().mapParallel("a", 1, null));
    nullRefused(() -> numbers().mapParallelUnordered("a", 1, null));
    nullRefused(() -> numbers().mapKeyed("a", 1, null, x -> x));
    nullRefused(() -> numbers().mapKeyed("a", 1, x -> x, null));
    nullRefused(() -> numbers().mapAsync("a", 1, null));
    nullRefused(() -> numbers().partitionBy("a", null, 1, lane -> lane));
    nullRefused(() -> numbers().balance("a", 1, lane -> null));
    nullRefused(() -> numbers().zip("a", numbers("b"), null));
    nullRefused(() -> numbers().buffer("a", 1, null));
    nullRefused(() -> numbers().onFailure(null));
    nullRefused(() -> numbers().to(null));
    nullRefused(() -> numbers().batch("a", 1, null));
    nullRefused(() -> FailurePolicy.deadLetters(null));
  }

  @Test
  void pipeIsContinuedOnce() {
    Pipe<Integer> shared = numbers();
    refused(
        () ->
            Pipe.merge("m", List.of(shared.map("a", x -> x), shared.map("b", x -> x)))
                .to(Sink.count()),
        "use broadcast");
    refused(() -> shared.zip("z", shared, Integer::sum).to(Sink.count()), "use broadcast");
    refused(
        () ->
            shared.balance("b", 2, lane -> Pipe.merge("m", List.of(lane, shared))).to(Sink.count()),
        "use broadcast");
    refused(
        () ->
            numbers()
                .balance("b", 2, lane -> lane.zip("z", lane.map("a", x -> x), Integer::sum))
                .to(Sink.count()),
        "use broadcast");
  }

  @Test
  void pipeMayBeContinuedDifferentlyInTwoPipelines() {
    Pipe<Integer> shared = numbers();
    assertThat(shared.map("a", x -> x).to(Sink.count()).mermaid()).contains("\"a\"");
    assertThat(shared.map("b", x -> x).to(Sink.count()).mermaid()).doesNotContain("\"a\"");
  }

  @Test
  void branchMustUseItsLane() {
    refused(
        () -> numbers().balance("b", 2, lane -> numbers("other")).to(Sink.count()),
        "does not use the pipe that it is given");
    List<Function<Pipe<Integer>, Pipe<Integer>>> branches =
        List.of(lane -> lane, lane -> numbers("other"));
    refused(() -> numbers().<Integer>broadcast("b", branches).to(Sink.count()), "'b/2'");
  }

  @Test
  void laneIsForItsBranchOnly() {
    var leaked = new AtomicReference<Pipe<Integer>>(numbers());
    Function<Pipe<Integer>, Pipe<Integer>> leak =
        lane -> {
          leaked.set(lane);
          return lane.map("a", x -> x);
        };
    Pipe<Integer> out = numbers().balance("b", 2, leak);
    refused(() -> leaked.get().to(Sink.count()), "outside of the branch");
    refused(
        () -> Pipe.merge("m", List.of(out, leaked.get().map("c", x -> x))).to(Sink.count()),
        "outside of the branch");
    // Copies of the inner branch would share the one lane of the outer.
    refused(
        () ->
            numbers()
                .balance(
                    "outer",
                    2,
                    outer ->
                        numbers("inside")
                            .balance("inner", 2, inner -> inner.zip("z", outer, Integer::sum)))
                .to(Sink.count()),
        "outside of the branch");
  }

  @Test
  void fanOutsNest() {
    var pipeline =
        numbers()
            .partitionBy(
                "outer",
                x -> x,
                2,
                lane -> lane.balance("inner", 3, inner -> inner.map("a", x -> x)).map("b", x -> x))
            .to(Sink.count());
    assertThat(pipeline.node()).isInstanceOf(Node.FanOut.class);
  }

  @Test
  void pipesAreImmutable() {
    Pipe<Integer> source = numbers();
    source.map("a", x -> x);
    source.onFailure(FailurePolicy.stop());
    assertThat(source.to(Sink.count()).node()).isInstanceOf(Node.From.class);
    List<Pipe<Integer>> pipes = new ArrayList<>(List.of(numbers("a"), numbers("b")));
    Pipe<Integer> merged = Pipe.merge("m", pipes);
    pipes.clear();
    assertThat(merged.to(Sink.count()).node().inputs()).hasSize(2);
  }

  @Test
  void policyIsThatOfTheStagesAddedAfterIt() {
    FailurePolicy policy = FailurePolicy.deadLetters(failure -> {});
    var before = (Node.Sequential<?, ?>) numbers().map("a", x -> x).to(Sink.count()).node();
    assertThat(before.policy()).isSameAs(FailurePolicy.report());
    Pipe<Integer> pipe = numbers().onFailure(policy);
    var after = (Node.Sequential<?, ?>) pipe.map("a", x -> x).to(Sink.count()).node();
    assertThat(after.policy()).isSameAs(policy);
    var lanes =
        (Node.FanOut<?, ?>)
            pipe.balance("b", 2, lane -> lane.map("c", x -> x)).to(Sink.count()).node();
    assertThat(((Node.Sequential<?, ?>) lanes.branches().getFirst().output()).policy())
        .isSameAs(policy);
  }

  @Test
  void longPipesAreChecked() {
    Pipe<Integer> pipe = numbers();
    for (int i = 0; i < 15_000; i++) {
      pipe = pipe.map("stage " + i, x -> x);
    }
    Pipe<Integer> last = pipe;
    assertThat(last.to(Sink.count()).node().name()).isEqualTo("stage 14999");
    assertThat(last.to(Sink.count()).mermaid()).contains("stage 14999");
    refused(() -> last.map("stage 7", x -> x).to(Sink.count()), "'stage 7'");
    for (int i = 15_000; i < 100_000; i++) {
      pipe = pipe.map("stage " + i, x -> x);
    }
    Pipe<Integer> tooLong = pipe;
    refused(() -> tooLong.to(Sink.count()), "too deep at stage 'stage 79999'");
  }

  @Test
  void asyncFunctionFailsWithTheCauseOfItsStage() throws Exception {
    var boom = new java.io.IOException("boom");
    var parallel =
        (Node.Parallel<?, ?>)
            numbers()
                .mapAsync("a", 1, x -> CompletableFuture.failedFuture(boom))
                .to(Sink.count())
                .node();
    @SuppressWarnings("unchecked") // as built above
    var function = (StageFunction<Integer, Object>) parallel.function();
    assertThatThrownBy(() -> function.apply(1)).isSameAs(boom);
  }

  @Test
  @SuppressWarnings("NullAway") // passes null on purpose
  void nullArgumentsAreToldByTheirNames() {
    named("a stage needs a name: it is null", () -> numbers().map(null, x -> x));
    named("function", () -> numbers().map("a", null));
    named("function", () -> numbers().flatMap("a", null));
    named("function", () -> numbers().flatMapStream("a", null));
    named("pipes", () -> Pipe.merge("a", null));
    named("other", () -> numbers().zip("a", null, (x, y) -> x));
    named("overflow", () -> numbers().buffer("a", 1, null));
    named("branches", () -> numbers().broadcast("a", null));
    named("branch", () -> numbers().balance("a", 1, null));
    named("a branch returned null", () -> numbers().balance("a", 1, lane -> null));
    named("period", () -> Source.ticks(null));
    named("root", () -> Source.walk(null));
    named("source", () -> Source.independent(null));
    named("input", () -> Source.lines(null, java.nio.charset.StandardCharsets.UTF_8));
    named("file", () -> Sink.lines(null));
    named("collector", () -> Sink.collect(null));
    named("channel", () -> Sink.channel(null));
    named("consumer", () -> Sink.forEach(null));
  }

  private static void named(String argument, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(NullPointerException.class).hasMessage(argument);
  }
}
