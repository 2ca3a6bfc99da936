package dev.millrace.stages.channel;

import static dev.millrace.stages.channel.Pipes.MANY;
import static dev.millrace.stages.channel.Pipes.await;
import static dev.millrace.stages.channel.Pipes.never;
import static dev.millrace.stages.channel.Pipes.none;
import static dev.millrace.stages.channel.Pipes.numbers;
import static dev.millrace.stages.channel.Pipes.pipe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pipes that join, and pipes that branch. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChannelEngineBranchesTest {

  private final Observed observed = new Observed();

  // Merge, concat, zip

  @Test
  void aMergeEmitsAllAndKeepsTheOrderOfEach() throws Exception {
    var one = Pipe.from("one", Source.of(IntStream.range(0, MANY).boxed().toList()));
    var two = Pipe.from("two", Source.of(IntStream.range(MANY, 2 * MANY).boxed().toList()));
    List<Integer> result = observed.run(Pipe.merge("both", List.of(one, two)).to(Sink.toList()));
    assertThat(result.stream().sorted().toList()).isEqualTo(numbers(2 * MANY));
    assertThat(result.stream().filter(n -> n < MANY)).isSorted();
    assertThat(result.stream().filter(n -> n >= MANY)).isSorted();
  }

  @Test
  void aMergeDoesNotWaitForASilentInput() throws Exception {
    var silent = Pipe.from("silent", Source.<Integer>generate(Pipes::never));
    assertThat(
            observed.run(
                Pipe.merge("both", List.of(silent, pipe(100)))
                    .take("hundred", 100)
                    .to(Sink.toList())))
        .isEqualTo(numbers(100));
  }

  @Test
  void aConcatenationOpensAnInputWhenTheOneBeforeHasEnded() throws Exception {
    var ended = new AtomicInteger();
    Source<Integer> second =
        context -> {
          assertThat(ended).hasValue(1);
          return () -> null;
        };
    Source<Integer> first =
        context ->
            new Source.Cursor<>() {
              private int n;

              @Override
              public Integer next() {
                return n < 3 ? n++ : none();
              }

              @Override
              public void close() {
                ended.incrementAndGet();
              }
            };
    var third = Pipe.from("third", Source.of(List.of(7, 8))).mapParallel("parallel", 2, n -> n);
    assertThat(
            observed.run(
                Pipe.concat(
                        "all",
                        List.of(Pipe.from("first", first), Pipe.from("second", second), third))
                    .to(Sink.toList())))
        .containsExactly(0, 1, 2, 7, 8);
  }

  @Test
  void aConcatenationThatWantsNoMoreOpensNoOtherInput() throws Exception {
    Source<Integer> refused =
        context -> {
          throw new AssertionError("it was opened");
        };
    assertThat(
            observed.run(
                Pipe.concat("all", List.of(pipe(3), Pipe.from("refused", refused)))
                    .take("three", 3)
                    .to(Sink.toList())))
        .containsExactly(0, 1, 2);
  }

  @Test
  void aZipEndsWithItsShorterSideThoughTheOtherIsSilent() throws Exception {
    var source = new AtomicInteger();
    var silent =
        Pipe.from(
            "silent", Source.generate(() -> source.get() < 3 ? source.getAndIncrement() : never()));
    assertThat(observed.run(pipe(3).zip("sum", silent, Integer::sum).to(Sink.toList())))
        .containsExactly(0, 2, 4);
    source.set(0);
    assertThat(observed.run(silent.zip("sum", pipe(3), Integer::sum).to(Sink.toList())))
        .containsExactly(0, 2, 4);
  }

  @Test
  void aZipCombinesManyInTheirOrder() throws Exception {
    var other = Pipe.from("other", Source.of(numbers(MANY + 5)));
    assertThat(observed.run(pipe(MANY).zip("sum", other, Integer::sum).to(Sink.toList())))
        .isEqualTo(IntStream.range(0, MANY).map(n -> 2 * n).boxed().toList());
  }

  @Test
  void aPairThatCannotBeCombinedIsOneFailureOfTwoElements() throws Exception {
    List<Object> failed = new ArrayList<>();
    var run =
        observed.start(
            pipe(3)
                .zip(
                    "sum",
                    Pipe.from("other", Source.of(numbers(3))),
                    (a, b) -> {
                      if (a == 1) {
                        throw new IllegalStateException("no");
                      }
                      return a + b;
                    })
                .to(Sink.toList()),
            failure -> failed.add(failure.element()));
    assertThat(observed.join(run)).containsExactly(0, 4);
    assertThat(failed).containsExactly(List.of(1, 1));
    assertThat(run.report().stage("sum").failed()).isEqualTo(2);
  }

  // Fan-out

  @Test
  void aBroadcastGivesEachElementToEveryBranch() throws Exception {
    var run =
        observed.start(
            pipe(MANY)
                .<Integer>broadcast(
                    "all",
                    List.of(
                        lane -> lane,
                        lane -> lane.map("add", n -> n + MANY),
                        lane -> lane.filter("none", n -> false)))
                .to(Sink.toList()));
    List<Integer> result = observed.join(run);
    assertThat(result.stream().sorted().toList()).isEqualTo(numbers(2 * MANY));
    assertThat(result.stream().filter(n -> n < MANY)).isSorted();
    assertThat(run.report().stage("all").received()).isEqualTo(MANY);
    assertThat(run.report().stage("all").emitted()).isEqualTo(2 * MANY);
    assertThat(run.report().stage("none").dropped()).isEqualTo(MANY);
  }

  @Test
  void aBranchThatWantsNoMoreDoesNotHoldUpTheOthers() throws Exception {
    assertThat(
            observed.run(
                pipe(MANY)
                    .<Integer>broadcast(
                        "all",
                        List.of(
                            lane -> lane.take("three", 3),
                            lane -> lane.buffer("apart", 2).take("none", 0),
                            lane -> lane))
                    .to(Sink.count())))
        .isEqualTo(MANY + 3);
  }

  @Test
  void aBranchThatNeverComesToItsLaneDoesNotHoldUpTheOthers() throws Exception {
    assertThat(
            observed.run(
                pipe(MANY)
                    .<Integer>broadcast(
                        "all",
                        List.of(
                            lane ->
                                Pipe.concat(
                                        "after",
                                        List.of(
                                            Pipe.from("five", Source.of(numbers(5))),
                                            lane.buffer("unused", 2)))
                                    .take("three", 3),
                            lane -> lane))
                    .to(Sink.count())))
        .isEqualTo(MANY + 3);
  }

  @Test
  void whenNoBranchWantsMoreTheSourceIsStopped() throws Exception {
    assertThat(
            observed.run(
                Pipe.from(Source.generate(() -> 1))
                    .<Integer>broadcast(
                        "all", List.of(lane -> lane.take("three", 3), lane -> lane.take("four", 4)))
                    .to(Sink.count())))
        .isEqualTo(7);
  }

  @Test
  void aBalanceGivesElementsToBranchesThatWait() throws Exception {
    var go = new CountDownLatch(1);
    var done = new AtomicInteger();
    // The first element blocks one copy; the other copies handle all other elements.
    List<Integer> result =
        observed.run(
            pipe(1000)
                .balance(
                    "spread",
                    3,
                    lane ->
                        lane.map(
                            "work",
                            observed.seen(
                                n -> {
                                  if (n == 0) {
                                    await(go);
                                  } else if (done.incrementAndGet() == 999) {
                                    go.countDown();
                                  }
                                  return n;
                                })))
                .to(Sink.toList()));
    assertThat(result.stream().sorted().toList()).isEqualTo(numbers(1000));
    assertThat(observed.threads()).isBetween(2, 3);
  }

  @Test
  void aPartitionKeepsTheOrderOfAKey() throws Exception {
    List<Integer> result =
        observed.run(
            pipe(MANY)
                .partitionBy(
                    "spread", n -> n % 10, 4, lane -> lane.map("work", observed.seen(n -> n)))
                .to(Sink.toList()));
    assertThat(result.stream().sorted().toList()).isEqualTo(numbers(MANY));
    for (int key = 0; key < 10; key++) {
      int of = key;
      assertThat(result.stream().filter(n -> n % 10 == of)).isSorted();
    }
    assertThat(observed.threads()).isGreaterThan(1);
  }

  @Test
  void copiesOfABranchHaveStatesOfTheirOwn() throws Exception {
    assertThat(
            observed.run(
                pipe(100)
                    .partitionBy("spread", n -> n % 4, 4, lane -> lane.batch("all", 1000))
                    .map("size", List::size)
                    .scan("sum", () -> 0, Integer::sum)
                    .to(Sink.toList())))
        .endsWith(100);
  }

  @Test
  void branchesMayBranch() throws Exception {
    assertThat(
            observed.run(
                pipe(1000)
                    .<Integer>broadcast(
                        "outer",
                        List.of(
                            lane ->
                                lane.balance(
                                    "inner", 2, inner -> inner.mapParallel("par", 2, n -> n)),
                            lane -> lane.partitionBy("by", n -> n, 3, inner -> inner)))
                    .to(Sink.count())))
        .isEqualTo(2000);
  }
}
