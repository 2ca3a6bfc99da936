package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Branches;
import dev.millrace.pipeline.EventWindows;
import dev.millrace.pipeline.Groups;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.TimeWindow;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Branches that differ, side sinks, and pipes for each key. */
abstract class BranchesConformance extends SettlementTheme {

  private sealed interface Event {}

  private record Order(int number, String goods) implements Event {}

  private record Refund(int number, long cents) implements Event {}

  private record Noise(int number) implements Event {}

  private static Event event(int number) {
    return switch (number % 3) {
      case 0 -> new Order(number, "goods");
      case 1 -> new Refund(number, 5);
      default -> new Noise(number);
    };
  }

  @Test
  void branchesHaveElementsOfTheirOwnTypes() {
    var ended =
        run(
            Pipe.from(receipts.source(Numbers.below(30)))
                .<Event>map("event", BranchesConformance::event)
                .through(
                    Branches.route(
                        "route",
                        List.of(
                            Branches.ofType(
                                Order.class, orders -> orders.map("order", Order::goods)),
                            Branches.ofType(
                                Refund.class,
                                refunds -> refunds.map("refund", each -> each.cents() + "")))))
                .to(Sink.<String>toList()));
    assertThat(ended.wholeResult()).hasSize(20).containsOnly("goods", "5");
    assertThat(ended.report().stage("route/route").dropped()).isEqualTo(10);
    receipts.checkAbandoned(List.of());
  }

  @Test
  void predicateThatThrowsIsAFailureOfTheElement() {
    var cause = new IOException("no");
    var ended =
        run(
            Pipe.from(Numbers.below(3))
                .through(
                    Branches.<Integer, Integer>route(
                        "route",
                        List.of(Branches.when(x -> x == 1 ? raise(cause) : true, lane -> lane))))
                .to(Sink.<Integer>toList()),
            Context.background(),
            failure -> {});
    assertThat(ended.result()).containsExactly(0, 2);
    assertThat(ended.failures())
        .singleElement()
        .satisfies(failure -> assertThat(failure.element()).isEqualTo(1));
  }

  @Test
  void sideSinkGetsAllElementsAndGivesItsResult() {
    List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
    var result = new AtomicLong(-1);
    var ended =
        run(
            Pipe.from(receipts.source(Numbers.below(100)))
                .through(Branches.alsoTo("also", Sink.forEach(seen::add), result::set))
                .to(Sink.<Integer>toList()));
    assertThat(ended.wholeResult()).hasSize(100).isSorted();
    assertThat(seen).isEqualTo(ended.result());
    assertThat(result).hasValue(100);
    receipts.checkAbandoned(List.of());
  }

  @Test
  void sideSinkMayHaveStagesOfItsOwn() {
    var result = new AtomicReference<List<Integer>>();
    Sink<Integer, List<Integer>> twice =
        new Sink<>() {
          @Override
          public Receiver<Integer, List<Integer>> open(Context context) throws Exception {
            return Sink.<Integer>toList().open(context);
          }

          @Override
          public Pipeline<List<Integer>> complete(Pipe<? extends Integer> pipe) {
            return pipe.map("twice", x -> 2 * x).to(Sink.<Integer>toList());
          }
        };
    var pipe = Pipe.from(Numbers.below(3)).through(Branches.alsoTo("also", twice, result::set));
    assertThat(elements(pipe)).containsExactly(0, 1, 2);
    assertThat(result.get()).containsExactly(0, 2, 4);
  }

  @Test
  void sideSinkThatThrowsStopsTheRun() {
    var cause = new IOException("disk");
    var pipe =
        Pipe.from(Numbers.endless())
            .through(Branches.alsoTo("also", Sink.forEach(x -> raise(cause))));
    assertThat(run(pipe.to(Sink.count()), Context.background(), failure -> {}).failed())
        .isSameAs(cause);
  }

  @Test
  void sideSinkThatHasEnoughDoesNotEndTheRun() {
    var first = new AtomicReference<Object>();
    var pipe =
        Pipe.from(Numbers.below(100)).through(Branches.alsoTo("also", Sink.first(), first::set));
    assertThat(run(pipe.to(Sink.count())).result()).isEqualTo(100);
    assertThat(first.get()).hasToString("Optional[0]");
  }

  @Test
  void elementHeldByASideSinkIsNotSettled() {
    Sink<Integer, Integer> holding =
        context ->
            new Sink.Receiver<>() {
              @Override
              public boolean accept(Integer element) {
                return true;
              }

              @Override
              public int holds() {
                return Integer.MAX_VALUE;
              }

              @Override
              public Integer finish() {
                assertThat(receipts.settled()).isEmpty();
                return 0;
              }
            };
    var pipe =
        Pipe.from(receipts.source(Numbers.below(10))).through(Branches.alsoTo("also", holding));
    assertThat(run(pipe.to(Sink.count())).result()).isEqualTo(10);
    receipts.checkAbandoned(List.of());
  }

  @Test
  void divertedElementsDoNotGoOn() {
    List<Integer> odd = Collections.synchronizedList(new ArrayList<>());
    var pipe =
        Pipe.from(receipts.source(Numbers.below(10)))
            .through(Branches.divertTo("odd", x -> x % 2 == 1, Sink.forEach(odd::add)));
    assertThat(elements(pipe)).containsExactly(0, 2, 4, 6, 8);
    assertThat(odd).containsExactly(1, 3, 5, 7, 9);
    receipts.checkAbandoned(List.of());
  }

  // Groups

  @Test
  void silentGroupIsClosed() {
    var closed = new CountDownLatch(3);
    var pipe =
        Pipe.from(Numbers.below(9).at(9, () -> await(closed)))
            .via(
                "group",
                Groups.byKey(
                    x -> x % 3, 100, Duration.ofMillis(2), group -> group.batch("all", 50)))
            .tee("seen", list -> closed.countDown());
    assertThat(elements(pipe).stream().flatMap(List::stream))
        .containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8);
  }

  @Test
  void groupThatWantsNoMoreDropsTheRest() {
    var pipe =
        Pipe.from(receipts.source(Numbers.below(30)))
            .via(
                "group",
                Groups.byKey(
                    x -> x % 3,
                    3,
                    Duration.ofHours(1),
                    group -> group.take("two", 2).batch("pair", 5)));
    var ended = run(pipe.to(Sink.<List<Integer>>toList()));
    assertThat(ended.wholeResult()).containsExactly(List.of(0, 3), List.of(1, 4), List.of(2, 5));
    assertThat(ended.report().stage("group").dropped()).isEqualTo(24);
    receipts.checkAbandoned(List.of());
  }

  @Test
  void failureInAGroupIsOneOfItsElement() {
    var cause = new IOException("seven");
    var ended =
        run(
            Pipe.from(Numbers.below(9))
                .via(
                    "group",
                    Groups.<Integer, Integer>byKey(
                        x -> x % 2,
                        3,
                        Duration.ofHours(1),
                        group ->
                            group.map("same", x -> x).map("check", x -> x == 7 ? raise(cause) : x)))
                .to(Sink.<Integer>toList()),
            Context.background(),
            failure -> {});
    assertThat(ended.result()).containsExactly(0, 1, 2, 3, 4, 5, 6, 8);
    assertThat(ended.failures())
        .singleElement()
        .satisfies(failure -> assertThat(failure.element()).isEqualTo(7));
  }

  @Test
  void failureOfSeveralElementsOfAGroupStopsTheRun() {
    var cause = new IOException("batch");
    var pipe =
        Pipe.from(Numbers.below(9))
            .via(
                "group",
                Groups.<Integer, Integer>byKey(
                    x -> 0,
                    3,
                    Duration.ofHours(1),
                    group -> group.batch("two", 2).map("sum", x -> raise(cause))));
    assertThat(run(pipe.to(Sink.count()), Context.background(), failure -> {}).failed())
        .hasCause(cause)
        .hasMessageContaining("several elements");
  }

  // A pipe for each part or window

  @Test
  void windowEndsInTimeWithoutAnotherElement() {
    var seen = new CountDownLatch(9);
    var pipe =
        Pipe.from(Numbers.below(10).at(9, () -> await(seen)))
            .via("window", Groups.ofTime(Duration.ofMillis(2), group -> group.batch("all", 50)))
            .tee("seen", list -> list.forEach(x -> seen.countDown()));
    assertThat(elements(pipe).stream().flatMap(List::stream))
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  }

  @Test
  void partThatEndsWithItsElementIsEmittedAtOnce() {
    var seen = new CountDownLatch(1);
    var pipe =
        Pipe.from(Numbers.below(6).at(5, () -> await(seen)))
            .via("part", Groups.splitAfter(x -> x == 4, group -> group.batch("all", 50)))
            .tee("seen", list -> seen.countDown());
    assertThat(elements(pipe)).containsExactly(List.of(0, 1, 2, 3, 4), List.of(5));
  }

  @Test
  void eachPartBeginsAnewAndSettlesItsElements() {
    var pipe =
        Pipe.from(receipts.source(Numbers.below(12)))
            .via(
                "part",
                Groups.splitBefore(
                    x -> x % 5 == 0,
                    group -> group.take("two", 2).scan("sum", () -> 100, Integer::sum)));
    assertThat(elements(pipe)).containsExactly(100, 101, 105, 111, 110, 121);
    receipts.checkAbandoned(List.of());
  }

  @Test
  void elementWhosePartIsUnknownIsAFailureAndInNoPart() {
    var cause = new IOException("three");
    var ended =
        run(
            Pipe.from(Numbers.below(7))
                .via(
                    "part",
                    Groups.<Integer, List<Integer>>splitBefore(
                        x -> x == 3 ? raise(cause) : x % 4 == 0, group -> group.batch("all", 9)))
                .to(Sink.<List<Integer>>toList()),
            Context.background(),
            failure -> {});
    assertThat(ended.result()).containsExactly(List.of(0, 1, 2), List.of(4, 5, 6));
    assertThat(ended.failures())
        .singleElement()
        .satisfies(failure -> assertThat(failure.element()).isEqualTo(3));
  }

  @Test
  void resourcesOfEachPartAreClosedOnce() {
    var open = new AtomicInteger();
    var made = new AtomicInteger();
    var pipe =
        Pipe.from(Numbers.below(10))
            .via(
                "part",
                Groups.ofSize(4, group -> group.<Integer>via("own", () -> new Owning(open, made))));
    assertThat(elements(pipe)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(made).hasValue(3);
    assertThat(open).hasValue(0);
  }

  @Test
  void openPartIsClosedWhenTheRunFails() {
    var open = new AtomicInteger();
    var made = new AtomicInteger();
    var cause = new IOException("six");
    var pipe =
        Pipe.from(Numbers.below(10).at(6, () -> raise(cause)))
            .via(
                "part",
                Groups.ofSize(4, group -> group.<Integer>via("own", () -> new Owning(open, made))));
    assertThat(run(pipe.to(Sink.count())).failed()).isSameAs(cause);
    assertThat(made).hasValue(2);
    assertThat(open).hasValue(0);
  }

  @Test
  void elementsThatFillNoWindowOfTheirPartCountAsDropped() {
    var pipe =
        Pipe.from(Numbers.below(10))
            .via("part", Groups.ofSize(5, group -> group.window("three", 3, 3)));
    var ended = run(pipe.to(Sink.<List<Integer>>toList()));
    assertThat(ended.wholeResult()).containsExactly(List.of(0, 1, 2), List.of(5, 6, 7));
    assertThat(ended.report().stage("part").dropped()).isEqualTo(4);
  }

  /** A stage with a resource. */
  private static final class Owning implements Transform<Integer, Integer> {
    private final AtomicInteger open;

    Owning(AtomicInteger open, AtomicInteger made) {
      this.open = open;
      open.incrementAndGet();
      made.incrementAndGet();
    }

    @Override
    public Outcome accept(Integer element, Emitter<? super Integer> out) {
      out.emit(element);
      return Outcome.USED;
    }

    @Override
    public void close() {
      open.decrementAndGet();
    }
  }

  // Windows by the time of the elements

  @Test
  void lateElementsAreDroppedCountedAndTold() {
    List<Integer> late = Collections.synchronizedList(new ArrayList<>());
    var pipe =
        Pipe.from(Source.of(List.of(1, 12, 8, 27, 9, 19, 31)))
            .via(
                "window",
                EventWindows.<Integer>tumbling(
                    Duration.ofSeconds(10),
                    Instant::ofEpochSecond,
                    Duration.ofSeconds(5),
                    100,
                    late::add));
    var ended = run(pipe.to(Sink.<TimeWindow<Integer>>toList()));
    assertThat(ended.wholeResult().stream().map(TimeWindow::elements))
        .containsExactly(List.of(1, 8), List.of(12), List.of(27), List.of(31));
    assertThat(ended.result().getFirst().start()).isEqualTo(Instant.ofEpochSecond(0));
    assertThat(ended.result().getFirst().end()).isEqualTo(Instant.ofEpochSecond(10));
    assertThat(late).containsExactly(9, 19);
    assertThat(ended.report().stage("window").dropped()).isEqualTo(2);
  }

  @Test
  void fullWindowsAreEmittedEarly() {
    var pipe =
        Pipe.from(Numbers.below(100))
            .via(
                "window",
                EventWindows.<Integer>sliding(
                    Duration.ofSeconds(20),
                    Duration.ofSeconds(10),
                    Instant::ofEpochSecond,
                    Duration.ofHours(1),
                    30,
                    late -> {}));
    List<TimeWindow<Integer>> windows = elements(pipe);
    assertThat(windows).hasSize(11).allMatch(window -> window.elements().size() <= 20);
    assertThat(windows.stream().map(TimeWindow::start)).isSorted();
  }

  @Test
  void windowThatWasEmittedEarlyDoesNotOpenAgain() {
    List<Integer> late = Collections.synchronizedList(new ArrayList<>());
    var pipe =
        Pipe.from(Source.of(List.of(1, 2, 3, 4, 15)))
            .via(
                "window",
                EventWindows.<Integer>tumbling(
                    Duration.ofSeconds(10),
                    Instant::ofEpochSecond,
                    Duration.ofHours(1),
                    2,
                    late::add));
    assertThat(elements(pipe).stream().map(TimeWindow::elements))
        .containsExactly(List.of(1, 2, 3), List.of(15));
    assertThat(late).containsExactly(4);
  }
}
