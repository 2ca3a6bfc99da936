package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.errors.Backoff;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipes;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.Sources;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Pipes that are made of several pipes, and sources that are made of several sources. */
abstract class CombiningConformance extends SettlementTheme {

  private static Pipe<Integer> pipe(String name, Source<Integer> source) {
    return Pipe.from(name, source);
  }

  @Test
  void latestOfAllBeginsWithTheLastThatComes() {
    var taken = new CountDownLatch(3);
    var slow = Numbers.below(1).at(0, () -> await(taken));
    var fast = Pipe.from(Numbers.below(3)).tee("count", x -> taken.countDown()).buffer("b", 1);
    var ended =
        run(
            Pipes.combineLatest(
                    "pair", List.of(fast, pipe("slow", slow)), list -> List.copyOf(list))
                .to(Sink.<List<Integer>>toList()));
    List<List<Integer>> results = ended.wholeResult();
    // The merge may take the last elements of the fast pipe before or after the slow one.
    assertThat(results).isNotEmpty().endsWith(List.of(2, 0));
    assertThat(results).allMatch(list -> list.getLast() == 0);
    assertThat(ended.report().stage("pair/latest").dropped()).isEqualTo(3 - results.size());
  }

  @Test
  void pipeWithoutElementsLeavesNoCombination() {
    var ended =
        run(
            Pipes.combineLatest(
                    "pair",
                    List.of(
                        Pipe.from(receipts.source(Numbers.below(5))),
                        pipe("none", Numbers.below(0))),
                    list -> list)
                .to(Sink.count()));
    assertThat(ended.result()).isZero();
    assertThat(ended.report().stage("pair/latest").dropped()).isEqualTo(5);
    receipts.check();
    assertThat(receipts.settled()).as("it may still become part of a result").doesNotContain(4);
  }

  @Test
  void combinedElementsAreSettledWithTheFirstResult() {
    Channel<Integer> other = Channel.rendezvous();
    var pipes =
        List.of(Pipe.from(receipts.source(Numbers.below(3))), pipe("other", Source.channel(other)));
    var trial =
        start(
            Pipes.combineLatest("pair", pipes, list -> list.getFirst() + list.getLast())
                .to(Sink.<Integer>toList()));
    await("the elements", () -> trial.run().report().stage("pair/latest").received() == 3);
    assertThat(receipts.settled()).doesNotContain(2);
    send(other, 10, 11);
    await("the settlement", () -> receipts.settled().size() == 3);
    other.close();
    assertThat(trial.end().wholeResult()).containsExactly(12);
  }

  private Trial<List<Integer>> startWithLatest(Channel<Integer> elements, Channel<Integer> others) {
    return start(
        Pipes.withLatestFrom(
                "pair",
                pipe("elements", Source.channel(elements)),
                pipe("others", Source.channel(others)),
                (x, y) -> x * 100 + y)
            .to(Sink.<Integer>toList()));
  }

  @Test
  void elementsMeetTheLatestOfTheOtherPipe() {
    Channel<Integer> elements = Channel.rendezvous();
    Channel<Integer> others = Channel.buffered(1);
    var trial = startWithLatest(elements, others);
    send(elements, 1, 2);
    await("the first", () -> trial.run().report().stage("pair/latest").dropped() == 1);
    send(others, 5, 7);
    await("the others", () -> trial.run().report().stage("pair/latest").received() == 3);
    send(elements, 2, 4);
    elements.close(); // the other pipe goes on, and is ended
    assertThat(trial.end().result()).containsExactly(206, 306);
    var stage = trial.run().report().stage("pair/latest");
    assertThat(stage.dropped()).as("the first, the replaced, and the mark of the end").isEqualTo(3);
  }

  /** An element of the other pipe that no element was combined with is dropped at the end. */
  @Test
  void lastElementOfTheOtherPipeIsCountedIfItIsUnused() {
    Channel<Integer> elements = Channel.buffered(1);
    Channel<Integer> others = Channel.buffered(1);
    var trial = startWithLatest(elements, others);
    send(others, 5, 6);
    await("the other", () -> trial.run().report().stage("pair/latest").received() == 1);
    send(elements, 2, 3);
    await("the element", () -> trial.run().report().stage("pair/latest").received() == 2);
    send(others, 7, 8);
    await("the unused", () -> trial.run().report().stage("pair/latest").received() == 3);
    elements.close();
    assertThat(trial.end().result()).containsExactly(205);
    var stage = trial.run().report().stage("pair/latest");
    assertThat(stage.dropped()).as("the unused, and the mark of the end").isEqualTo(2);
  }

  @Test
  void alternativeIsOpenedOnlyIfThereIsNoElement() {
    var opened = new AtomicInteger();
    Source<Integer> other =
        context -> {
          opened.incrementAndGet();
          return Source.of(List.of(7)).open(context);
        };
    var some = Pipes.orElse("pipe", Pipe.from(Numbers.below(2)), pipe("other", other));
    assertThat(run(some.to(Sink.<Integer>toList())).result()).containsExactly(0, 1);
    assertThat(opened).hasValue(0);
    var none = Pipes.orElse("pipe", Pipe.from(Numbers.below(0)), pipe("other", other));
    assertThat(run(none.to(Sink.<Integer>toList())).result()).containsExactly(7);
    assertThat(opened).hasValue(1);
  }

  @Test
  void shortestPipeEndsAZipOfMany() {
    var longOne = Numbers.endless();
    var pipes =
        List.of(Pipe.from(longOne), pipe("two", Numbers.below(2)), pipe("three", Numbers.below(3)));
    assertThat(run(Pipes.zip("zip", pipes, List::copyOf).to(Sink.<List<Integer>>toList())).result())
        .containsExactly(List.of(0, 0, 0), List.of(1, 1, 1));
    longOne.checkReleased();
  }

  @Test
  void turnsGoOnWithoutAPipeThatHasEnded() {
    var pipes =
        List.of(
            Pipe.from(Numbers.below(1)),
            pipe("four", Numbers.below(4)),
            pipe("none", Numbers.below(0)),
            pipe("two", Numbers.below(2)));
    assertThat(run(Pipes.interleave("turns", pipes).to(Sink.<Integer>toList())).result())
        .containsExactly(0, 0, 0, 1, 1, 2, 3);
  }

  // Sources

  @Test
  void sortedSourcesAreMergedInOrder() {
    var source =
        Sources.mergeSorted(
            List.of(Source.of(List.of(1, 4, 9)), Numbers.below(6), Source.of(List.<Integer>of())),
            Integer::compare);
    assertThat(elements(Pipe.from(source))).containsExactly(0, 1, 1, 2, 3, 4, 4, 5, 9);
  }

  @Test
  void failedSourceIsOpenedAgainAndItsElementsStay() {
    var failing = Numbers.below(3).at(2, () -> raise(new IOException("cut")));
    var source = Sources.restarting(failing, 2, Backoff.none(), IOException.class::isInstance);
    var ended = run(Pipe.from(source).buffer("b", 2).to(Sink.forEach(x -> {})));
    assertThat(ended.failed()).isInstanceOf(IOException.class).hasMessage("cut");
    assertThat(failing.given()).as("two of each of three attempts").isEqualTo(6);
    failing.checkReleased();
  }

  @Test
  void drainEndsTheWaitForARestart() {
    var failed = new CountDownLatch(1);
    var failing =
        Numbers.below(3)
            .at(
                2,
                () -> {
                  failed.countDown();
                  raise(new IOException("cut"));
                });
    var source =
        Sources.restarting(failing, 1, Backoff.fixed(Duration.ofHours(1)), failure -> true);
    var trial = start(Pipe.from(source).to(Sink.<Integer>toList()));
    await(failed);
    trial.run().drain(Duration.ofMinutes(1));
    assertThat(trial.end().result()).containsExactly(0, 1);
    failing.checkReleased();
  }

  @Test
  void anotherSourceGoesOnAfterAFailure() {
    var failing = Numbers.below(3).at(2, () -> raise(new IOException("cut")));
    var source =
        Sources.onErrorResume(failing, e -> e instanceof IOException ? Numbers.below(1) : failing);
    assertThat(elements(Pipe.from(source))).containsExactly(0, 1, 0);
    failing.checkReleased();
  }

  @Test
  void deferredSourceIsMadeForEachRun() {
    var made = new AtomicInteger();
    var pipeline =
        Pipe.from(Sources.defer(() -> Numbers.below(made.incrementAndGet()))).to(Sink.count());
    assertThat(made).hasValue(0);
    assertThat(run(pipeline).result()).isEqualTo(1);
    assertThat(run(pipeline).result()).isEqualTo(2);
  }

  @Test
  void equalElementsOfSortedSourcesComeInTheOrderOfTheSources() {
    var sources = List.of(Source.of(List.of(10, 20)), Source.of(List.of(11, 21)));
    var merged = Sources.mergeSorted(sources, Comparator.comparingInt((Integer x) -> x / 10));
    assertThat(run(Pipe.from(merged).to(Sink.<Integer>toList())).wholeResult())
        .containsExactly(10, 11, 20, 21);
  }
}
