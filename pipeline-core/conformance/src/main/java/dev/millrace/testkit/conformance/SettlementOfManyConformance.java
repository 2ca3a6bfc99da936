package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageReport;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Like {@link SettlementConformance}, for stages that hold elements, merge them, or make several
 * elements from one.
 */
abstract class SettlementOfManyConformance extends SettlementTheme {

  @Test
  void elementOfABatchIsSettledWithTheBatch() {
    var sunk = new AtomicInteger();
    var pipe =
        pipe()
            .batch("batch", 4)
            .tee("look", batch -> assertThat(receipts.settled()).doesNotContainAnyElementsOf(batch))
            .map("last", List::getLast);
    run(pipe.to(
            Sink.forEach(
                last -> {
                  assertThat(receipts.settled()).containsExactlyElementsOf(numbers(0, last - 3));
                  sunk.incrementAndGet();
                })))
        .result();
    assertThat(sunk).hasValue(N / 4);
    receipts.checkAbandoned(List.of());
  }

  @Test
  void elementOfManyIsSettledWithTheLast() {
    var parts = new AtomicInteger();
    var pipe = pipe().take("one", 1).flatMap("parts", x -> numbers(0, 7));
    run(pipe.to(
            Sink.forEach(
                part -> {
                  parts.incrementAndGet();
                  assertThat(receipts.settled()).isEmpty();
                })))
        .result();
    assertThat(parts).hasValue(7);
    receipts.checkSettled(List.of(0));
  }

  @Test
  void elementOfABroadcastIsSettledWithTheSlowestBranch() {
    var slow = new CountDownLatch(1);
    var fast = new CountDownLatch(1);
    var one = Pipe.from(receipts.source(Numbers.below(1)));
    var trial =
        start(
            one.<Integer>broadcast(
                    "both",
                    List.of(
                        lane -> lane.filter("drop", x -> false).tee("never", x -> {}),
                        lane ->
                            lane.tee("fast", x -> fast.countDown())
                                .batch("1", 1)
                                .map("m", List::getFirst),
                        lane ->
                            lane.map(
                                "slow",
                                x -> {
                                  slow.await();
                                  return x;
                                })))
                .to(Sink.count()));
    await(fast);
    assertThat(receipts.settled()).isEmpty();
    slow.countDown();
    assertThat(trial.end().wholeResult()).isEqualTo(2);
    receipts.checkSettled(List.of(0));
  }

  /** A broadcast within a broadcast, with buffers and merges on the way. */
  @Test
  void elementOfNestedBroadcastsIsSettledWithTheLastOfAll() {
    var pipe =
        Pipe.merge("merge", List.of(pipe(), Pipe.from("other", Source.of(List.of(-1, -2)))))
            .buffer("buffer", 3)
            .<Integer>broadcast(
                "outer",
                List.of(
                    lane ->
                        lane.buffer("wait", 2)
                            .<Integer>broadcast(
                                "inner",
                                List.of(
                                    in -> in.map("a", x -> x),
                                    in -> in.batch("b", 3).map("b last", List::getLast))),
                    lane -> lane.mapParallel("c", 3, x -> x),
                    lane ->
                        Pipe.concat("d", List.of(lane, Pipe.from("e", Source.of(List.of(7)))))));
    run(pipe.to(Sink.count())).result();
    receipts.checkAbandoned(List.of());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "WAIT")
  void elementThatABufferDropsIsSettled(Overflow overflow) {
    var go = new CountDownLatch(1);
    List<Integer> sunk = new CopyOnWriteArrayList<>();
    var source = Numbers.below(N);
    var trial =
        start(
            Pipe.from(receipts.source(source))
                .buffer("lossy", 2, overflow)
                .to(
                    Sink.forEach(
                        x -> {
                          go.await();
                          assertThat(receipts.settled()).doesNotContain(x);
                          sunk.add(x);
                        })));
    await("the last number", () -> source.given() == N);
    await("the drops", () -> dropped(trial.run().report()) >= N - 5);
    assertThat(receipts.settled()).hasSize((int) dropped(trial.run().report()));
    go.countDown();
    trial.end().result();
    assertThat(sunk).hasSizeLessThan(N);
    receipts.checkAbandoned(List.of());
  }

  private static long dropped(RunReport report) {
    return report.stages().stream().mapToLong(StageReport::dropped).sum();
  }

  @Test
  void elementThatIsReplacedIsSettledAtOnce() {
    Channel<Integer> numbers = Channel.buffered(4);
    var trial =
        start(
            Pipe.from(receipts.source(Source.channel(numbers)))
                .debounce("last", Duration.ofHours(1))
                .to(Sink.<Integer>toList()));
    numbers(0, 3).forEach(numbers::trySend);
    await("the settlement of two", () -> receipts.settled().size() == 2);
    numbers.close();
    assertThat(trial.end().result()).containsExactly(2);
    receipts.checkAbandoned(List.of());
  }

  @Test
  void bothElementsOfAPairAreSettledWithIt() {
    var others = new Receipts();
    var zip =
        pipe()
            .filter("even", x -> x % 2 == 0)
            .zip("zip", Pipe.from("others", others.source(Numbers.below(N))), Integer::sum)
            .map("fail", x -> x % 4 == 0 ? raise(new IOException("4")) : x);
    run(zip.to(Sink.count())).result();
    receipts.checkAbandoned(List.of());
    others.check();
    assertThat(others.settled()).containsExactlyElementsOf(numbers(0, N / 2));
  }

  /** A stage without a number in {@code holds} may hold all its elements. */
  @Test
  void elementOfAnUnknownStageIsSettledAfterIt() {
    Channel<Integer> numbers = Channel.rendezvous();
    List<Integer> sunk = new CopyOnWriteArrayList<>();
    var trial =
        start(
            Pipe.from(receipts.source(Source.channel(numbers)))
                .<Integer>via(
                    "unknown",
                    () ->
                        (x, out) -> {
                          out.emit(x);
                          return Transform.Outcome.USED;
                        })
                .to(Sink.forEach(sunk::add)));
    send(numbers, 0, 3);
    await("the sink", () -> sunk.size() == 3);
    assertThat(receipts.settled()).isEmpty();
    numbers.close();
    trial.end().result();
    receipts.checkAbandoned(List.of());
  }

  /** Emits each element when the next one comes; its {@code holds} is 1. */
  private static final class Late implements Transform<Integer, Integer> {
    private @Nullable Integer last;

    @Override
    public Outcome accept(Integer element, Emitter<? super Integer> out) {
      Integer before = last;
      last = element;
      if (before != null) {
        out.emit(before);
      }
      return Outcome.USED;
    }

    @Override
    public void end(Emitter<? super Integer> out) {
      if (last != null) {
        out.emit(last);
        last = null;
      }
    }

    @Override
    public int holds() {
      return last == null ? 0 : 1;
    }
  }

  @Test
  void elementThatAStageSaysItHoldsIsNotSettled() {
    Channel<Integer> numbers = Channel.rendezvous();
    var trial =
        start(
            Pipe.from(receipts.source(Source.channel(numbers)))
                .via("late", Late::new)
                .to(Sink.<Integer>toList()));
    send(numbers, 0, 5);
    await("the settlement of four", () -> receipts.settled().size() == 4);
    assertThat(receipts.settled()).containsExactly(0, 1, 2, 3);
    numbers.close();
    assertThat(trial.end().result()).containsExactly(0, 1, 2, 3, 4);
    receipts.checkAbandoned(List.of());
  }
}
