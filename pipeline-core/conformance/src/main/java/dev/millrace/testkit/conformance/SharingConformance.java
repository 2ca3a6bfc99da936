package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.pipeline.Hub;
import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipes;
import dev.millrace.pipeline.RaceFailedException;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.Sources;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Sources that race and repeat, hubs, and inner pipes that the next element replaces. */
abstract class SharingConformance extends SettlementTheme {

  @Test
  void firstSourceWithAnElementWins() {
    var silent = Numbers.endless().at(0, () -> blockForever());
    var fast = Numbers.below(3);
    var pipe = Pipe.from(Sources.race(List.of(silent, Numbers.below(0), fast)));
    assertThat(elements(pipe)).containsExactly(0, 1, 2);
    silent.checkReleased();
    fast.checkReleased();
  }

  @Test
  void raceWithoutElementsEnds() {
    assertThat(elements(Pipe.from(Sources.race(List.of(Numbers.below(0), Numbers.below(0))))))
        .isEmpty();
  }

  @Test
  void raceOfFailuresFailsWithTheFirst() {
    var first = new IOException("first");
    var pipe =
        Pipe.from(
            Sources.race(
                List.of(
                    Numbers.endless().at(0, () -> raise(first)),
                    Numbers.below(0).at(0, () -> Thread.sleep(1)))));
    assertThat(run(pipe.to(Sink.count())).failed())
        .isInstanceOf(RaceFailedException.class)
        .hasCause(first);
  }

  @Test
  void cancelledRaceEndsAllSources() {
    var waiting = new CountDownLatch(2);
    Numbers.Action silence =
        () -> {
          waiting.countDown();
          blockForever();
        };
    var one = Numbers.endless().at(0, silence);
    var other = Numbers.endless().at(0, silence);
    var trial = start(Pipe.from(Sources.race(List.of(one, other))).to(Sink.count()));
    await(waiting);
    var cause = new IOException("stop");
    trial.run().cancel(cause);
    assertThat(trial.end().cancelled()).isSameAs(cause);
    one.checkReleased();
    other.checkReleased();
  }

  @Test
  void sourceIsRepeated() {
    var numbers = Numbers.below(2);
    assertThat(elements(Pipe.from(Sources.repeat(numbers, 3)))).containsExactly(0, 1, 0, 1, 0, 1);
    numbers.checkReleased();
    assertThat(
            run(Pipe.from(Sources.repeat(numbers, Long.MAX_VALUE)).take("few", 5).to(Sink.count()))
                .result())
        .isEqualTo(5);
    numbers.checkReleased();
  }

  @Test
  void emptySourceThatIsRepeatedCanBeCancelled() {
    var numbers = Numbers.below(0);
    var repeated = Source.independent(Sources.repeat(Source.independent(numbers), Long.MAX_VALUE));
    var trial = start(Pipe.from(repeated).to(Sink.count()));
    trial.run().cancel(new IOException("stop"));
    assertThat(trial.end().cancelled()).isNotNull();
    numbers.checkReleased();
  }

  // Hubs

  @Test
  void lateSourceGetsTheLastElementsAndThenAllOthers() {
    Hub<Integer> hub = Hub.of(3, 16, Overflow.WAIT);
    Channel<Integer> input = Channel.rendezvous();
    var publishing = start(Pipe.from(Source.channel(input)).to(hub.sink()));
    send(input, 0, 5);
    await("the elements", () -> publishing.run().report().stage("sink").processed() == 5);
    var late = start(Pipe.from(hub.source()).to(Sink.<Integer>toList()));
    await("the source", () -> hub.subscribers() == 1);
    send(input, 5, 100);
    input.close();
    assertThat(publishing.end().wholeResult()).isEqualTo(100);
    assertThat(late.end().wholeResult())
        .containsExactlyElementsOf(java.util.stream.IntStream.range(2, 100).boxed().toList());
    assertThat(elements(Pipe.from(hub.source()))).containsExactly(97, 98, 99);
    assertThat(hub.subscribers()).isZero();
  }

  @Test
  void slowestSourceSetsTheSpeedOrLosesElements() {
    for (Overflow overflow : Overflow.values()) {
      Hub<Integer> hub = Hub.of(0, 4, overflow);
      var goOn = new CountDownLatch(1);
      var slow =
          start(Pipe.from(hub.source()).tee("wait", x -> await(goOn)).to(Sink.<Integer>toList()));
      await("the source", () -> hub.subscribers() == 1);
      var numbers = Numbers.below(500);
      var publishing = start(Pipe.from(numbers).to(hub.sink()));
      if (overflow == Overflow.WAIT) {
        awaitStandstill(numbers);
        assertThat(numbers.given()).isLessThan(400);
        goOn.countDown();
        assertThat(publishing.end().result()).isEqualTo(500);
        assertThat(slow.end().wholeResult()).hasSize(500);
      } else {
        assertThat(publishing.end().result()).isEqualTo(500);
        goOn.countDown();
        assertThat(slow.end().wholeResult()).isSorted().hasSizeLessThan(500);
      }
    }
  }

  @Test
  void sourceThatLeavesDoesNotHoldUpTheHub() {
    Hub<Integer> hub = Hub.of(0, 1, Overflow.WAIT);
    var leaving = start(Pipe.from(hub.source()).to(Sink.first()));
    await("the source", () -> hub.subscribers() == 1);
    var publishing = start(Pipe.from(Numbers.below(300)).to(hub.sink()));
    assertThat(publishing.end().result()).isEqualTo(300);
    assertThat(leaving.end().result()).contains(0);
  }

  @Test
  void hubEndsWithTheCauseOfItsRun() {
    Hub<Integer> hub = Hub.of(1, 1, Overflow.WAIT);
    var cause = new IOException("feed");
    var listening = start(Pipe.from(hub.source()).to(Sink.count()));
    await("the source", () -> hub.subscribers() == 1);
    run(Pipe.from(Numbers.endless().at(3, () -> raise(cause))).to(hub.sink()));
    assertThat(listening.end().failed()).hasRootCause(cause);
    assertThat(run(Pipe.from(hub.source()).to(Sink.count())).failed()).hasRootCause(cause);
  }

  // The latest inner pipe

  @Test
  void nextElementReplacesTheInnerPipe() {
    Channel<Integer> input = Channel.rendezvous();
    var silent = new CountDownLatch(1);
    var numbers =
        Numbers.endless()
            .at(
                3,
                () -> {
                  silent.countDown();
                  blockForever();
                });
    var trial =
        start(
            Pipes.switchMap(
                    "latest",
                    Pipe.from(Source.channel(input)),
                    kit().engine(),
                    x ->
                        Pipe.from(x == 0 ? numbers : Numbers.below(2))
                            .map("scale", y -> x * 10 + y))
                .to(Sink.<Integer>toList()));
    send(input, 0, 1);
    await(silent);
    send(input, 7, 8);
    input.close();
    List<Integer> results = trial.end().wholeResult();
    assertThat(results).endsWith(70, 71);
    assertThat(results.subList(0, results.size() - 2)).isSubsetOf(0, 1, 2).isSorted();
    numbers.checkReleased();
  }

  @Test
  void lastInnerPipeRunsToItsEnd() {
    var pipe =
        Pipes.switchMap(
            "latest",
            Pipe.from(receipts.source(Numbers.below(20))),
            kit().engine(),
            x -> Pipe.from(Numbers.below(100)).map("scale", y -> x * 1000 + y));
    List<Integer> results = run(pipe.to(Sink.<Integer>toList())).result();
    assertThat(results)
        .isSorted()
        .endsWith(19_097, 19_098, 19_099)
        .contains(19_000, 19_001, 19_002);
    receipts.checkAbandoned(List.of());
  }

  @Test
  void failureOfTheLatestInnerPipeIsOneOfTheOuterElement() {
    var cause = new IOException("inside");
    var ended =
        run(
            Pipes.<Integer, Integer>switchMap(
                    "latest",
                    Pipe.from(Numbers.below(1)),
                    kit().engine(),
                    x -> Pipe.from(Numbers.below(1)).map("no", y -> raise(cause)))
                .to(Sink.count()),
            Context.background(),
            failure -> {});
    assertThat(ended.failures())
        .singleElement()
        .satisfies(
            failure -> {
              assertThat(failure.element()).isEqualTo(0);
              assertThat(failure.cause()).isSameAs(cause);
            });
  }

  @Test
  void cancelledRunEndsTheLatestInnerPipe() {
    var silent = new CountDownLatch(1);
    var opened = new AtomicInteger();
    var trial =
        start(
            Pipes.switchMap(
                    "latest",
                    Pipe.from(Numbers.below(1)),
                    kit().engine(),
                    x -> {
                      opened.incrementAndGet();
                      return Pipe.from(silentFrom(2, silent));
                    })
                .to(Sink.count()));
    await(silent);
    var cause = new IOException("stop");
    trial.run().cancel(cause);
    assertThat(trial.end().cancelled()).isSameAs(cause);
    assertThat(opened).hasValue(1);
  }

  @Test
  void sourceThatIsClosedLeavesItsHub() throws Exception {
    Hub<Integer> hub = Hub.of(0, 4, Overflow.WAIT);
    try (var cursor = hub.source().open(Context.background())) {
      assertThat(cursor).isNotNull();
      assertThat(hub.subscribers()).isEqualTo(1);
    }
    assertThat(hub.subscribers()).isZero();
  }
}
