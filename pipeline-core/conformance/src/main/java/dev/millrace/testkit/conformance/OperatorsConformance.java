package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every operator gives the results of its model, in the promised order. */
abstract class OperatorsConformance extends Theme {

  private static List<Integer> numbers(int n) {
    return IntStream.range(0, n).boxed().toList();
  }

  private void check(Operator operator, List<Integer> input) {
    var pipe = Pipe.from(Source.of(input));
    var ended = run(operator.addTo(pipe, "operator").to(Sink.<Integer>toList()));
    boolean isWhole = !operator.endsEarly() && !operator.readsOthersAhead();
    compare(operator, isWhole ? ended.wholeResult() : ended.result(), operator.expected(input));
  }

  private static void compare(Operator operator, List<Integer> results, List<Integer> expected) {
    assertThat(results).as("%s", operator).containsExactlyInAnyOrderElementsOf(expected);
    assertThat(operator.inLanes(results)).as("%s", operator).isEqualTo(operator.inLanes(expected));
  }

  @ParameterizedTest
  @EnumSource
  void resultsAreThoseOfTheModel(Operator operator) {
    check(operator, numbers(1_000));
  }

  @ParameterizedTest
  @EnumSource
  void emptyInputEnds(Operator operator) {
    check(operator, List.of());
  }

  @ParameterizedTest
  @EnumSource
  void fewElementsAreEnough(Operator operator) {
    for (int n = 1; n < 6; n++) {
      check(operator, numbers(n));
    }
  }

  /** Two stages give the same results in one thread and in two threads. */
  @ParameterizedTest
  @EnumSource
  void anyOperatorMayFollow(Operator first) {
    assumeTrue(first.isOrdered(), "the results of the second one may depend on the order");
    for (Operator second : Operator.values()) {
      var pipe = first.addTo(Pipe.from(Source.of(numbers(20))), "first");
      List<Integer> results = run(second.addTo(pipe, "second").to(Sink.<Integer>toList())).result();
      compare(second, results, second.expected(first.expected(numbers(20))));
    }
  }

  @ParameterizedTest
  @EnumSource
  void operatorsWorkInLanes(Operator operator) {
    assumeFalse(operator.addsElements(), "each copy would add its elements again");
    List<Integer> input = numbers(30);
    var pipe =
        Pipe.from(Source.of(input))
            .partitionBy("lanes", x -> 0, 3, lane -> operator.addTo(lane, "operator"));
    List<Integer> results = run(pipe.to(Sink.<Integer>toList())).result();
    List<Integer> expected = new ArrayList<>(operator.expected(input));
    if (operator == Operator.VIA) { // the lanes without elements emit too
      expected.addAll(List.of(0, 0));
    }
    assertThat(results).containsExactlyInAnyOrderElementsOf(expected);
  }

  @ParameterizedTest
  @EnumSource
  void pipelineCanBeRunAgain(Operator operator) {
    List<Integer> input = numbers(20);
    var pipeline =
        operator.addTo(Pipe.from(Source.of(input)), "operator").to(Sink.<Integer>toList());
    compare(operator, run(pipeline).result(), operator.expected(input));
    compare(operator, run(pipeline).result(), operator.expected(input));
  }

  @ParameterizedTest
  @EnumSource
  void sourceIsReleasedOnce(Operator operator) {
    var source = Numbers.below(100);
    run(operator.addTo(Pipe.from(source), "operator").to(Sink.count())).result();
    source.checkReleased();
  }

  // Stopped early

  @Test
  void firstElementEndsAnEndlessRun() {
    var source = Numbers.endless();
    assertThat(run(Pipe.from(source).map("map", x -> x + 1).to(Sink.first())).result()).contains(1);
    source.checkReleased();
  }

  @Test
  void takeEndsWithItsLastElementNotWithTheNextOne() {
    var source =
        Numbers.endless()
            .before(
                number -> {
                  if (number == 3) {
                    blockForever();
                  }
                });
    var pipe = Pipe.from(source).take("take", 3);
    assertThat(run(pipe.to(Sink.<Integer>toList())).result()).containsExactly(0, 1, 2);
    source.checkReleased();
  }

  @ParameterizedTest
  @EnumSource
  void takeStopsWhatIsBeforeIt(Operator operator) {
    assumeFalse(operator.isShort(), "it ends before the take");
    var source = Numbers.endless();
    var pipe = operator.addTo(Pipe.from(source), "operator").take("take", 2);
    assertThat(run(pipe.to(Sink.<Integer>toList())).result()).hasSize(2);
    source.checkReleased();
  }

  @ParameterizedTest
  @EnumSource
  void takeStopsARunningFunctionBeforeIt(Site site) {
    for (int i = 0; i < 20; i++) { // the interrupt comes at a random moment
      var source = Numbers.below(10);
      var pipe =
          site.addTo(
                  Pipe.from(source), x -> x == 0 ? x : OperatorsConformance.<Integer>blockForever())
              .buffer("buffer", 1)
              .take("take", 1);
      var ended = run(pipe.to(Sink.<Integer>toList()));
      assertThat(ended.result()).containsExactly(0);
      assertThat(ended.failures()).as("the interrupt is no failure of an element").isEmpty();
      source.checkReleased();
    }
  }

  @Test
  void branchesThatWantNoMoreEndTheRun() {
    var pipe =
        Pipe.from(Numbers.endless())
            .<Integer>broadcast(
                "broadcast", List.of(lane -> lane.take("two", 2), lane -> lane.take("five", 5)));
    assertThat(run(pipe.to(Sink.<Integer>toList())).result())
        .containsExactlyInAnyOrder(0, 0, 1, 1, 2, 3, 4);
  }

  @Test
  void laneThatWantsNoMoreDoesNotStopTheOthers() {
    var pipe =
        Pipe.from(Numbers.below(1_000))
            .<Integer>broadcast("broadcast", List.of(lane -> lane.take("two", 2), lane -> lane));
    assertThat(run(pipe.to(Sink.count())).result()).isEqualTo(1_002);
  }

  @Test
  void shorterSideEndsAZip() {
    var left = Numbers.endless();
    var right = Numbers.below(3);
    var pipe = Pipe.from("left", left).zip("zip", Pipe.from("right", right), (x, y) -> x * 10 + y);
    assertThat(run(pipe.to(Sink.<Integer>toList())).result()).containsExactly(0, 11, 22);
    left.checkReleased();
    right.checkReleased();
  }

  @Test
  void concatOpensALaterInputWhenItsTurnComes() {
    var opened = new AtomicInteger();
    Source<Integer> second =
        context -> {
          opened.incrementAndGet();
          return () -> null;
        };
    var first =
        Numbers.below(100).before(number -> assertThat(opened).as("at %s", number).hasValue(0));
    var pipe =
        Pipe.concat("concat", List.of(Pipe.from("first", first), Pipe.from("second", second)));
    assertThat(elements(pipe)).hasSize(100);
    assertThat(opened).hasValue(1);
  }

  // Many at once

  @Test
  void parallelFunctionsRunAtTheSameTimeAndNoMoreThanAllowed() throws Exception {
    var barrier = new CyclicBarrier(4);
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    var pipe =
        Pipe.from(Numbers.below(20))
            .mapParallel(
                "map",
                4,
                x -> {
                  most.accumulateAndGet(running.incrementAndGet(), Math::max);
                  barrier.await();
                  running.decrementAndGet();
                  return x;
                });
    assertThat(elements(pipe)).isEqualTo(numbers(20));
    assertThat(most.get()).isEqualTo(4);
  }

  /** A function that returns each element unchanged; 0 only after the others. */
  private StageFunction<Integer, Integer> zeroAfter(CountDownLatch others) {
    return x -> {
      if (x == 0) {
        await(others);
      }
      others.countDown();
      return x;
    };
  }

  @Test
  void orderIsKeptHoweverLongAnElementTakes() {
    var others = new CountDownLatch(3);
    var pipe = Pipe.from(Numbers.below(10)).mapParallel("map", 4, zeroAfter(others));
    assertThat(elements(pipe)).isEqualTo(numbers(10));
  }

  /** A stage that wants no element ends before the first element comes. */
  @ParameterizedTest
  @EnumSource
  void operatorBeforeNobodyEnds(Operator operator) {
    var pipe = operator.addTo(Pipe.from(Numbers.endless()), "operator").take("none", 0);
    assertThat(run(pipe.to(Sink.count())).result()).isZero();
  }

  @Test
  void orderIsKeptAroundAFailure() {
    var others = new CountDownLatch(2);
    var overtaken = new CountDownLatch(1);
    var pipe =
        Pipe.from(Numbers.below(10))
            .mapParallel(
                "map",
                4,
                x -> {
                  if (x == 0) {
                    await(others);
                    overtaken.await(100, TimeUnit.MILLISECONDS); // no overtaking is expected
                  }
                  if (x == 1) {
                    return raise(new IOException("boom"));
                  }
                  others.countDown();
                  return x;
                })
            .tee("after", x -> overtaken.countDown());
    assertThat(elements(pipe)).containsExactly(0, 2, 3, 4, 5, 6, 7, 8, 9);
  }

  @Test
  void unorderedStageIsNotHeldUpByASlowElement() {
    var others = new CountDownLatch(99);
    var pipe =
        Pipe.from(Numbers.below(100))
            .mapParallelUnordered(
                "map",
                2,
                x -> {
                  if (x == 0) {
                    await(others);
                  }
                  return x;
                })
            .tee("count", x -> others.countDown());
    assertThat(elements(pipe)).hasSize(100).endsWith(0);
  }

  @Test
  void keyedStageIsNotHeldUpByASlowKey() {
    var others = new CountDownLatch(99);
    var pipe = Pipe.from(Numbers.below(100)).mapKeyed("map", 2, x -> x, zeroAfter(others));
    assertThat(elements(pipe)).containsExactlyInAnyOrderElementsOf(numbers(100));
  }

  @Test
  void elementsOfOneKeyAreProcessedOneAfterTheOther() {
    Set<Integer> busy = ConcurrentHashMap.newKeySet();
    Map<Integer, Integer> latest = new ConcurrentHashMap<>();
    var others = new CountDownLatch(12);
    var pipe =
        Pipe.from(Numbers.below(2_000))
            .mapKeyed(
                "map",
                8,
                x -> x % 10,
                x -> {
                  assertThat(busy.add(x % 10)).as("alone with its key").isTrue();
                  Integer before = latest.put(x % 10, x);
                  assertThat(before).as("the one before %s", x).isEqualTo(x < 10 ? null : x - 10);
                  if (x == 0) {
                    await(others); // by then, the next element with this key has arrived
                  }
                  others.countDown();
                  Thread.yield();
                  busy.remove(x % 10);
                  return x;
                });
    assertThat(elements(pipe)).hasSize(2_000);
  }

  @Test
  void balanceGivesToTheLaneThatHasRoom() {
    var others = new CountDownLatch(50);
    var pipe =
        Pipe.from(Numbers.below(60))
            .balance("balance", 2, lane -> lane.map("work", zeroAfter(others)));
    assertThat(elements(pipe)).hasSize(60);
  }

  @Test
  void copiesOfABalanceBeginWithTheElementsThatAreThere() {
    var all = new CountDownLatch(3);
    var pipe =
        Pipe.from(Numbers.below(4).at(3, () -> await(all)))
            .balance(
                "balance",
                3,
                lane ->
                    lane.map(
                        "work",
                        x -> {
                          all.countDown();
                          await(all);
                          return x;
                        }));
    assertThat(elements(pipe)).hasSize(4);
  }

  /** A copy may end while it is about to take an element. */
  @Test
  void copyOfABalanceThatEndsLeavesTheElementsToTheOthers() {
    for (int i = 0; i < 50; i++) {
      var pipe =
          Pipe.from(Numbers.below(1_000))
              .balance("balance", 3, lane -> lane.buffer("buffer", 1).take("few", 5));
      assertThat(run(pipe.to(Sink.<Integer>toList())).result()).hasSize(15);
    }
  }

  // Time

  @Test
  void batchIsEmittedWhenItsTimeIsOver() {
    var emitted = new CountDownLatch(1);
    var source = Numbers.below(3).at(2, () -> await(emitted));
    var pipe =
        Pipe.from(source)
            .batch("batch", 100, Duration.ofMillis(1))
            .tee("seen", batch -> emitted.countDown());
    assertThat(elements(pipe).stream().flatMap(List::stream)).containsExactly(0, 1, 2);
  }

  @Test
  void debounceEmitsAfterSilence() {
    var emitted = new CountDownLatch(1);
    var source = Numbers.below(3).at(2, () -> await(emitted));
    var pipe =
        Pipe.from(source)
            .debounce("debounce", Duration.ofMillis(1))
            .tee(
                "seen",
                x -> {
                  if (x == 1) {
                    emitted.countDown();
                  }
                });
    assertThat(run(pipe.to(Sink.<Integer>toList())).result()).endsWith(1, 2);
  }

  @Test
  void sampleEmitsWhileElementsGoOn() {
    var emitted = new CountDownLatch(1);
    var source =
        Numbers.endless()
            .before(
                number -> {
                  if (number > 0) {
                    Thread.onSpinWait();
                  }
                });
    var pipe =
        Pipe.from(source)
            .sample("sample", Duration.ofMillis(1))
            .tee("seen", x -> emitted.countDown())
            .take("three", 3);
    assertThat(run(pipe.to(Sink.<Integer>toList())).result())
        .hasSize(3)
        .isSorted()
        .doesNotHaveDuplicates();
    assertThat(emitted.getCount()).isZero();
  }

  @Test
  void throttleLetsNoMoreThroughThanItsTokens() {
    long start = System.nanoTime();
    var pipe = Pipe.from(Numbers.below(30)).throttle("throttle", 10, Duration.ofMillis(50));
    assertThat(elements(pipe)).isEqualTo(numbers(30));
    // Ten elements at once, then one every five milliseconds.
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isGreaterThanOrEqualTo(Duration.ofMillis(99));
  }

  // Overflow

  /** The sink takes the first element, and blocks until the source has ended. */
  private List<Integer> overflowing(Overflow overflow) {
    var full = new CountDownLatch(1);
    var source = Numbers.below(1_000).at(1_000, full::countDown);
    var ended =
        run(
            Pipe.from(source)
                .buffer("buffer", 3, overflow)
                .tee("slow", x -> await(full))
                .to(Sink.<Integer>toList()));
    var buffer = ended.report().stage("buffer");
    assertThat(buffer.dropped() + buffer.emitted()).isEqualTo(1_000);
    assertThat(buffer.emitted()).isBetween(3L, 100L);
    return ended.result();
  }

  @Test
  void fullBufferDropsTheNewest() {
    List<Integer> results = overflowing(Overflow.DROP_NEWEST);
    assertThat(results).isSorted().startsWith(0, 1, 2).doesNotHaveDuplicates();
  }

  @Test
  void fullBufferDropsTheOldest() {
    List<Integer> results = overflowing(Overflow.DROP_OLDEST);
    assertThat(results).isSorted().endsWith(997, 998, 999).doesNotHaveDuplicates();
  }
}
