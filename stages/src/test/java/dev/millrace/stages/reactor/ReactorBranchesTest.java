package dev.millrace.stages.reactor;

import static dev.millrace.stages.reactor.Runs.numbers;
import static dev.millrace.stages.reactor.Runs.run;
import static dev.millrace.stages.reactor.Runs.upTo;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pipes on Reactor that join, and pipes that branch. */
@Timeout(60)
class ReactorBranchesTest {

  @AfterEach
  void noThreadIsLeft() {
    Leaks.check();
  }

  // Many inputs

  @Test
  void mergeGivesTheElementsOfAllInputs() throws Exception {
    var merged = Pipe.merge("merge", List.of(numbers("a", 500), numbers("b", 500)));
    assertThat(run(merged.map("id", x -> x).to(Sink.toList())))
        .containsExactlyInAnyOrderElementsOf(
            () -> upTo(500).stream().flatMap(x -> List.of(x, x).stream()).iterator());
  }

  @Test
  void mergeDoesNotWaitForASilentInput() throws Exception {
    Channel<Integer> silent = Channel.rendezvous();
    var merged =
        Pipe.merge("merge", List.of(Pipe.from("silent", Source.channel(silent)), numbers("b", 5)));
    assertThat(run(merged.take("five", 5).to(Sink.toList()))).isEqualTo(upTo(5));
  }

  @Test
  void concatStartsTheNextInputWhenTheLastHasEnded() throws Exception {
    var ended = new AtomicInteger();
    Source<Integer> second =
        context -> {
          assertThat(ended).hasValue(3);
          return Source.of(upTo(2)).open(context);
        };
    var concat =
        Pipe.concat(
            "concat",
            List.of(
                numbers("a", 3).tee("count", x -> ended.incrementAndGet()),
                Pipe.from("b", second)));
    assertThat(run(concat.to(Sink.toList()))).containsExactly(1, 2, 3, 1, 2);
  }

  @Test
  void zipEndsWithTheShorterSide() throws Exception {
    var zip = numbers("a", 3).zip("zip", numbers("b", 100), (a, b) -> a + "-" + b);
    assertThat(run(zip.to(Sink.toList()))).containsExactly("1-1", "2-2", "3-3");
  }

  @Test
  void zipStopsASideThatNeverEnds() throws Exception {
    Pipe<Integer> endless = Pipe.from("endless", Source.generate(() -> 1));
    assertThat(run(numbers("a", 3).zip("zip", endless, Integer::sum).to(Sink.toList())))
        .containsExactly(2, 3, 4);
  }

  // Branches

  @Test
  void broadcastGivesEachElementToEachBranch() throws Exception {
    Pipe<Integer> pipe =
        numbers(200)
            .broadcast(
                "all",
                List.of(
                    lane -> lane.map("plus", x -> x),
                    lane -> lane.mapParallel("minus", 4, x -> -x),
                    lane -> lane));
    List<Integer> result = run(pipe.to(Sink.toList()));
    assertThat(result).hasSize(600);
    assertThat(result.stream().filter(x -> x < 0).map(x -> -x)).isEqualTo(upTo(200));
  }

  @Test
  void broadcastGoesOnWhenABranchHasHadEnough() throws Exception {
    Pipe<Integer> pipe =
        numbers(1000)
            .broadcast(
                "all", List.of(lane -> lane.take("two", 2), lane -> lane.map("neg", x -> -x)));
    List<Integer> result = run(pipe.to(Sink.toList()));
    assertThat(result.stream().filter(x -> x > 0)).containsExactly(1, 2);
    assertThat(result.stream().filter(x -> x < 0)).hasSize(1000);
  }

  @Test
  void sourceStopsWhenAllBranchesHaveHadEnough() throws Exception {
    Pipe<Integer> endless = Pipe.from(Source.generate(() -> 1));
    Pipe<Integer> pipe =
        endless.broadcast(
            "all", List.of(lane -> lane.take("two", 2), lane -> lane.take("three", 3)));
    assertThat(run(pipe.to(Sink.toList()))).hasSize(5);
  }

  @Test
  void balanceGivesToACopyThatHasRoom() throws Exception {
    var stuck = new CountDownLatch(1);
    var others = new CountDownLatch(900);
    var first = new AtomicInteger();
    Pipe<Integer> pipe =
        numbers(1000)
            .balance(
                "balance",
                3,
                lane ->
                    lane.map(
                        "work",
                        x -> {
                          if (first.getAndIncrement() == 0) {
                            others.await();
                            stuck.countDown();
                          }
                          others.countDown();
                          return x;
                        }));
    assertThat(run(pipe.to(Sink.toList()))).containsExactlyInAnyOrderElementsOf(upTo(1000));
    assertThat(stuck.getCount()).isZero();
  }

  @Test
  void partitionKeepsTheOrderOfAKey() throws Exception {
    Pipe<Integer> pipe =
        numbers(1000).partitionBy("keys", x -> x % 10, 4, lane -> lane.map("id", x -> x));
    List<Integer> result = run(pipe.to(Sink.toList()));
    assertThat(result).hasSize(1000);
    for (int key = 0; key < 10; key++) {
      int each = key;
      assertThat(result.stream().filter(x -> x % 10 == each)).hasSize(100).isSorted();
    }
  }

  @Test
  void fanOutsNest() throws Exception {
    Pipe<Integer> pipe =
        numbers(100)
            .broadcast(
                "outer",
                List.of(
                    lane -> lane.balance("inner", 2, copy -> copy.map("a", x -> x)),
                    lane ->
                        Pipe.concat("concat", List.of(lane, numbers("tail", 5)))
                            .buffer("buffer", 3)));
    assertThat(run(pipe.to(Sink.count()))).isEqualTo(205);
  }
}
