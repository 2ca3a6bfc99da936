package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.pipeline.BufferFullException;
import dev.millrace.pipeline.Buffers;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipes;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.Valve;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Boundaries that react to the speed of the stages after them. */
abstract class BoundariesConformance extends SettlementTheme {

  private static final int N = 300;

  /** A pipe whose next stage takes its first element, and then waits until the source has ended. */
  private List<List<Integer>> takenWhenTheInputHasEnded(Pipe<List<Integer>> pipe, Numbers source) {
    return run(pipe.tee("waits", list -> await("the source", () -> source.given() == N))
            .to(Sink.<List<Integer>>toList()))
        .wholeResult();
  }

  @Test
  void elementsThatComeWhileTheNextStageIsBusyAreCombined() {
    var source = Numbers.below(N);
    var pipe =
        Pipe.from(source)
            .map("list", List::of)
            .through(Buffers.conflate("conflate", Models::joined));
    List<List<Integer>> lists = takenWhenTheInputHasEnded(pipe, source);
    assertThat(lists.stream().flatMap(List::stream))
        .containsExactlyElementsOf(IntStream.range(0, N).boxed().toList());
    assertThat(lists.size()).isLessThan(N / 10);
    source.checkReleased();
  }

  @Test
  void combinedElementsAreSettledWithTheirResult() {
    var source = Numbers.below(N);
    run(Pipe.from(receipts.source(source))
            .map("list", List::of)
            .through(Buffers.conflate("conflate", Models::joined))
            .to(
                Sink.forEach(
                    list -> {
                      receipts.ends(list, "the sink");
                      await("the source", () -> source.given() == N);
                    })))
        .result();
    receipts.checkAbandoned(List.of());
  }

  @Test
  void elementThatCannotBeCombinedIsAFailure() {
    var cause = new IOException("odd");
    var source = Numbers.below(N);
    var ended =
        run(
            Pipe.from(receipts.source(source))
                .through(
                    Buffers.<Integer>conflate(
                        "conflate", (sum, x) -> x % 2 == 1 ? raise(cause) : sum + x))
                .to(Sink.forEach(x -> await("the source", () -> source.given() == N))),
            Context.background(),
            failure -> {});
    ended.result();
    assertThat(ended.failures()).isNotEmpty();
    assertThat(ended.failures())
        .allSatisfy(
            failure -> {
              assertThat(failure.stage()).isEqualTo("conflate");
              assertThat((Integer) failure.element()).isOdd();
              assertThat(failure.cause()).isSameAs(cause);
            });
    receipts.checkAbandoned(List.of());
  }

  @Test
  void slowInputIsExpandedUntilTheNextElementComes() {
    Channel<Integer> input = Channel.rendezvous();
    var expanded = new CountDownLatch(10);
    var trial =
        start(
            Pipe.from(Source.channel(input))
                .through(
                    Buffers.expand("expand", x -> Stream.iterate(x + 1, y -> y + 1).iterator()))
                .buffer("bound", 1)
                .tee("count", x -> expanded.countDown())
                .to(Sink.<Integer>toList()));
    send(input, 0, 1);
    await(expanded);
    send(input, 1_000_000_000, 1_000_000_001);
    input.close();
    List<Integer> results = trial.end().wholeResult();
    assertThat(results).startsWith(0, 1, 2, 3, 4, 5, 6, 7, 8, 9).contains(1_000_000_000).isSorted();
  }

  @Test
  void elementsWaitForTheStageBelowAnExpansion() {
    var taken = new AtomicInteger();
    var trial =
        start(
            Pipe.from(Numbers.below(1).at(1, () -> blockForever()))
                .through(
                    Buffers.expand(
                        "expand", x -> Stream.generate(taken::incrementAndGet).iterator()))
                .to(Sink.forEach(x -> blockForever())));
    await("the sink", () -> trial.run().report().stage("sink").received() == 1);
    trial.run().cancel(new CancellationException("enough"));
    trial.end();
    assertThat(taken.get()).as("elements ahead of the sink").isLessThan(200);
  }

  @Test
  void elementThatCannotBeExpandedIsAFailure() {
    var ended =
        run(
            Pipe.from(Numbers.below(1))
                .through(Buffers.<Integer>expand("expand", x -> raise(new IOException("no"))))
                .to(Sink.<Integer>toList()),
            Context.background(),
            failure -> {});
    assertThat(ended.result()).containsExactly(0);
    ended
        .failures()
        .forEach(
            failure -> {
              assertThat(failure.stage()).isEqualTo("expand/expanded");
              assertThat(failure.element()).isEqualTo(0);
            });
  }

  @Test
  void elementThatFindsTheBufferFullIsAFailure() {
    var source = Numbers.below(50);
    var ended =
        run(
            Pipe.from(receipts.source(source))
                .through(Buffers.failing("narrow", 4))
                .to(Sink.forEach(x -> await("the source", () -> source.given() == 50))),
            Context.background(),
            failure -> {});
    long passed = ended.result();
    assertThat(passed).isBetween(4L, 8L);
    assertThat(ended.failures()).hasSize(50 - (int) passed);
    assertThat(ended.failures().getFirst().cause())
        .isInstanceOf(BufferFullException.class)
        .hasMessageContaining("'narrow'")
        .hasMessageContaining("4 elements");
    receipts.checkAbandoned(List.of());
  }

  @Test
  void fullBufferStopsTheRunByDefault() {
    var trial =
        start(
            Pipe.from(Numbers.endless())
                .onFailure(FailurePolicy.stop())
                .through(Buffers.failing("narrow", 4))
                .to(Sink.forEach(x -> blockForever())));
    assertThat(trial.end().failed()).isInstanceOf(BufferFullException.class);
  }

  @Test
  void lowestNumberOvertakesThoseThatWait() {
    var waiting = Channel.<Integer>buffered(20);
    var started = new CountDownLatch(1);
    var all = new CountDownLatch(1);
    var trial =
        start(
            Pipe.from(Source.channel(waiting))
                .through(Buffers.prioritized("first", 20, x -> x % 3))
                .tee(
                    "slow",
                    x -> {
                      started.countDown();
                      await(all);
                    })
                .to(Sink.<Integer>toList()));
    send(waiting, 100, 101);
    await(started);
    send(waiting, 0, 9);
    await("the queue", () -> trial.run().report().stage("first").processed() == 10);
    waiting.close();
    all.countDown();
    List<Integer> results = trial.end().wholeResult();
    // An engine may have taken some elements when the queue was still short.
    assertThat(results).startsWith(100).hasSize(10).contains(0, 1, 2, 3, 4, 5, 6, 7, 8);
    for (int i = 0; i < 3; i++) {
      int of = i;
      assertThat(results.stream().filter(x -> x < 100 && x % 3 == of)).isSorted();
    }
    List<Integer> last = results.subList(results.size() - 3, results.size());
    assertThat(last.stream().map(x -> x % 3)).isSorted().endsWith(2);
    assertThat(results.subList(1, results.size() - 1).stream().filter(x -> x % 3 == 2).toList())
        .as("the last numbers")
        .hasSize(2);
  }

  @Test
  void pipesAreMergedByTheirOrder() {
    Channel<Integer> first = Channel.buffered(5);
    Channel<Integer> second = Channel.buffered(5);
    var started = new CountDownLatch(1);
    var all = new CountDownLatch(1);
    var trial =
        start(
            Pipes.mergePrioritized(
                    "both",
                    20,
                    List.of(
                        Pipe.from("urgent", Source.channel(first)),
                        Pipe.from("other", Source.channel(second))))
                .tee(
                    "slow",
                    x -> {
                      started.countDown();
                      await(all);
                    })
                .to(Sink.<Integer>toList()));
    send(second, 100, 105);
    await(started);
    send(first, 0, 3);
    await("the queue", () -> trial.run().report().stage("both/queue").processed() == 8);
    first.close();
    second.close();
    all.countDown();
    assertThat(trial.end().wholeResult()).contains(0, 1, 2).endsWith(103, 104);
  }

  @Test
  void pausedValveHoldsUpTheElements() {
    var valve = new Valve();
    valve.pause();
    var source = Numbers.endless();
    var taken = new AtomicInteger();
    var trial =
        start(
            Pipe.from(source)
                .via("valve", valve.<Integer>stage())
                .take("few", 2_000)
                .to(Sink.forEach(x -> taken.incrementAndGet())));
    awaitStandstill(source);
    assertThat(taken).hasValue(0);
    valve.resume();
    assertThat(trial.end().result()).isEqualTo(2_000);
  }

  @Test
  void pausedRunIsCancelled() {
    var valve = new Valve();
    valve.pause();
    var source = Numbers.endless();
    var trial = start(Pipe.from(source).via("valve", valve.stage()).to(Sink.count()));
    awaitStandstill(source);
    trial.run().drain(Duration.ofMillis(1));
    assertThat(trial.end().cancelled()).isNotNull();
    source.checkReleased();
    assertThat(valve.isPaused()).isTrue();
  }

  @Test
  void failingBufferForgetsWhatWasTaken() {
    var seen = new AtomicInteger();
    var source = Numbers.below(20).before(next -> await("the sink", () -> seen.get() == next));
    var pipe = Pipe.from(source).through(Buffers.failing("narrow", 2));
    var ended = run(pipe.to(Sink.forEach(x -> seen.incrementAndGet())));
    assertThat(ended.wholeResult()).isEqualTo(20);
  }
}
