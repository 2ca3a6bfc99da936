package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.pipeline.Batches;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.TimedOperators;
import dev.millrace.pipeline.Windows;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Stages that watch the time act while no element comes. */
abstract class TimeConformance extends Theme {

  private static final Duration SHORT = Duration.ofMillis(2);

  /** The numbers below 3, and then nothing until the latch opens. */
  private Pipe<Integer> threeAndSilenceUntil(CountDownLatch emitted) {
    return Pipe.from(Numbers.below(3).at(3, () -> await(emitted)));
  }

  private void checkEmittedInSilence(Pipe<List<Integer>> lists, CountDownLatch emitted) {
    var count = new AtomicInteger();
    var pipe =
        lists.tee(
            "seen",
            list -> {
              if (count.addAndGet(list.size()) == 3) {
                emitted.countDown();
              }
            });
    assertThat(elements(pipe).stream().flatMap(List::stream)).containsExactly(0, 1, 2);
  }

  @Test
  void batchOfAKeyIsEmittedWhenItsTimeIsOver() {
    var emitted = new CountDownLatch(1);
    checkEmittedInSilence(
        threeAndSilenceUntil(emitted).via("batch", Batches.byKey(9, x -> 0, SHORT)), emitted);
  }

  @Test
  void batchByWeightIsEmittedWhenItsTimeIsOver() {
    var emitted = new CountDownLatch(1);
    checkEmittedInSilence(
        threeAndSilenceUntil(emitted).via("batch", Batches.byWeight(9, 99, x -> x, SHORT)),
        emitted);
  }

  @Test
  void batchUntilIsEmittedWhenItsTimeIsOver() {
    var emitted = new CountDownLatch(1);
    checkEmittedInSilence(
        threeAndSilenceUntil(emitted).via("batch", Batches.until(9, x -> false, SHORT)), emitted);
  }

  @Test
  void tumblingWindowEndsByTime() {
    var emitted = new CountDownLatch(1);
    checkEmittedInSilence(
        threeAndSilenceUntil(emitted).via("window", Windows.tumbling(SHORT, 9)), emitted);
  }

  @Test
  void sessionEndsWithTheSilence() {
    var emitted = new CountDownLatch(1);
    checkEmittedInSilence(
        threeAndSilenceUntil(emitted).via("window", Windows.session(SHORT, 9)), emitted);
  }

  @Test
  void slidingWindowsShareTheirElements() {
    var windows = new AtomicInteger();
    var emitted = new CountDownLatch(2);
    var pipe =
        Pipe.from(Numbers.below(1).at(1, () -> await(emitted)))
            .via("window", Windows.<Integer>sliding(Duration.ofMillis(50), SHORT, 9))
            .tee(
                "seen",
                window -> {
                  windows.incrementAndGet();
                  emitted.countDown();
                });
    assertThat(run(pipe.to(Sink.<List<Integer>>toList())).result())
        .hasSizeBetween(2, 25)
        .containsOnly(List.of(0));
  }

  @Test
  void fullSlidingWindowWaitsAndDropsNothing() {
    var pipe =
        Pipe.from(Numbers.below(30)).via("window", Windows.<Integer>sliding(SHORT, SHORT, 5));
    List<List<Integer>> windows = elements(pipe);
    assertThat(windows).allMatch(window -> window.size() <= 5);
    assertThat(windows.stream().flatMap(List::stream)).containsExactlyElementsOf(numbers(30));
  }

  private static List<Integer> numbers(int n) {
    return java.util.stream.IntStream.range(0, n).boxed().toList();
  }

  @Test
  void silenceOfTheInputIsATimeout() {
    Channel<Integer> silent = Channel.rendezvous();
    var pipe = Pipe.from(Source.channel(silent)).via("idle", TimedOperators.idleTimeout(SHORT));
    assertThat(run(pipe.to(Sink.count())).failed())
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("no element came for PT0.002S");
  }

  @Test
  void firstElementThatDoesNotComeIsATimeout() {
    Channel<Integer> silent = Channel.rendezvous();
    var pipe = Pipe.from(Source.channel(silent)).via("first", TimedOperators.initialTimeout(SHORT));
    assertThat(run(pipe.to(Sink.count())).failed()).isInstanceOf(TimeoutException.class);
  }

  @Test
  void silenceAfterTheFirstElementIsNoInitialTimeout() {
    var go = new CountDownLatch(3);
    var pipe =
        threeAndSilenceUntil(go)
            .via("first", TimedOperators.initialTimeout(Duration.ofSeconds(20)))
            .via("alive", TimedOperators.keepAlive(SHORT, () -> -1))
            .tee("count", x -> go.countDown());
    assertThat(elements(pipe)).contains(0, 1, 2);
  }

  @Test
  void inputThatDoesNotEndIsATimeout() {
    var pipe = Pipe.from(Numbers.endless()).via("all", TimedOperators.completionTimeout(SHORT));
    assertThat(run(pipe.to(Sink.count())).failed())
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("has not ended within PT0.002S");
  }

  @Test
  void timeThatIsOverEndsTheInput() {
    Channel<Integer> silent = Channel.buffered(3);
    silent.trySend(1);
    var pipe =
        Pipe.from(Source.channel(silent))
            .via("time", TimedOperators.takeFor(Duration.ofMillis(50)))
            .buffer("buffer", 2);
    assertThat(run(pipe.to(Sink.<Integer>toList())).result()).isSubsetOf(1);
    var endless = Numbers.endless();
    run(Pipe.from(endless).via("time", TimedOperators.takeFor(SHORT)).to(Sink.count())).result();
    endless.checkReleased();
  }

  @Test
  void silentStreamIsKeptAlive() {
    var alive = new CountDownLatch(3);
    var pipe =
        Pipe.from(Numbers.below(1).at(1, () -> await(alive)))
            .via("alive", TimedOperators.keepAlive(SHORT, () -> -1))
            .tee(
                "count",
                x -> {
                  if (x == -1) {
                    alive.countDown();
                  }
                });
    // On a busy machine the stream may be silent before its first element too.
    assertThat(elements(pipe)).containsOnly(0, -1).containsOnlyOnce(0).contains(-1, -1, -1);
  }
}
