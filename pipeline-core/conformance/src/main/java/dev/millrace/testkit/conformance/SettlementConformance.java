package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailureHandlers;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.Settlement;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageReport;
import dev.millrace.pipeline.graph.Emitter;
import dev.millrace.pipeline.graph.Node.Overflow;
import dev.millrace.pipeline.graph.Transform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An element is settled exactly when the last of what was made of it has come to its end. */
abstract class SettlementConformance extends Theme {

  private static final int N = 40;

  private final Receipts receipts = new Receipts();

  private static List<Integer> numbers(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  private Pipe<Integer> pipe() {
    return Pipe.from(receipts.source(Numbers.below(N)));
  }

  /** What is not settled of {@link #N} numbers that all go their way; null if that may vary. */
  private static @Nullable List<Integer> left(Operator operator) {
    return switch (operator) {
      case WINDOW_OVERLAPPING -> List.of(N - 2, N - 1);
      case TAKE, TAKE_NONE, TAKE_WHILE -> null;
      default -> List.of();
    };
  }

  // Operators

  @ParameterizedTest
  @EnumSource
  void elementsThatPassAreSettled(Operator operator) {
    run(operator.addTo(pipe(), "operator").to(Sink.count())).result();
    receipts.check();
    switch (operator) {
      case TAKE -> receipts.checkSettled(numbers(0, 5));
      case TAKE_NONE -> receipts.checkSettled(List.of());
      case TAKE_WHILE -> receipts.checkSettled(numbers(0, 8)); // one of them was dropped
      case WINDOW_OVERLAPPING -> receipts.checkAbandoned(List.of(N - 2, N - 1));
      default -> receipts.checkAbandoned(List.of());
    }
  }

  /** Also inside of a branch, of which there are copies. */
  @ParameterizedTest
  @EnumSource
  void elementsThatPassInLanesAreSettled(Operator operator) {
    var pipe = pipe().balance("lanes", 3, lane -> operator.addTo(lane, "operator"));
    run(pipe.to(Sink.count())).result();
    receipts.check();
    switch (operator) {
      case TAKE, TAKE_NONE, TAKE_WHILE -> {} // the lanes want no more, each at a time of its own
      case WINDOW_OVERLAPPING, WINDOW_WITH_GAPS -> {} // a lane may end in the midst of a window
      default -> receipts.checkAbandoned(List.of());
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {
        "TAKE",
        "TAKE_NONE",
        "TAKE_WHILE",
        "BATCH",
        "BATCH_IN_TIME",
        "WINDOW_OVERLAPPING",
        "WINDOW_WITH_GAPS",
        "VIA",
        "DEBOUNCE",
        "SAMPLE"
      })
  void elementIsSettledWhileTheRunGoesOn(Operator operator) {
    Channel<Integer> numbers = Channel.rendezvous();
    var pipe = Pipe.from(receipts.source(Source.channel(numbers)));
    var trial = start(operator.addTo(pipe, "operator").to(Sink.count()));
    for (int i = 0; i < 8; i++) {
      int sent = i;
      try {
        numbers.send(sent);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      await("the settlement of " + sent, () -> receipts.settled().contains(sent));
    }
    numbers.close();
    trial.end().result();
    receipts.checkAbandoned(List.of());
  }

  @ParameterizedTest
  @EnumSource
  void elementsThatFailAreSettledWhenSomebodyTookTheFailure(Operator operator) {
    var pipe =
        operator.addTo(pipe(), "operator").map("fail", x -> raise(new IOException("x " + x)));
    var trial = start(pipe.to(Sink.count()), Context.background(), failure -> {});
    var ended = trial.end();
    ended.result();
    receipts.check();
    List<Integer> left = left(operator);
    if (left != null) {
      receipts.checkAbandoned(left);
    }
    assertThat(ended.failures())
        .as("plain elements")
        .allMatch(failure -> failure.element() instanceof Integer);
  }

  @ParameterizedTest
  @EnumSource
  void elementsThatStopTheRunAreAbandoned(Operator operator) {
    var cause = new IOException("the first one");
    var pipe = operator.addTo(pipe(), "operator").onFailure(FailurePolicy.stop());
    var ended = run(pipe.map("fail", x -> raise(cause)).to(Sink.count()));
    if (operator == Operator.TAKE_NONE) {
      ended.result();
    } else {
      assertThat(ended.failed()).isSameAs(cause);
    }
    receipts.check();
    checkSettledOnlyWhatWasDropped(operator);
  }

  @ParameterizedTest
  @EnumSource
  void elementsOfACancelledRunAreAbandoned(Operator operator) {
    var started = new CountDownLatch(1);
    try (CancellableContext context = Context.background().withCancel()) {
      var pipe = operator.addTo(pipe(), "operator").take("end", Long.MAX_VALUE);
      var trial =
          start(
              pipe.to(
                  Sink.forEach(
                      x -> {
                        started.countDown();
                        blockForever();
                      })),
              context,
              failure -> {});
      if (operator != Operator.TAKE_NONE) {
        await(started);
        context.cancel(new IOException("stop"));
      }
      trial.end();
    }
    receipts.check();
    checkSettledOnlyWhatWasDropped(operator);
  }

  /** The first element that comes out of the operator never comes to its end. */
  private void checkSettledOnlyWhatWasDropped(Operator operator) {
    switch (operator) {
      case FILTER -> assertThat(receipts.settled()).allMatch(x -> x % 3 == 0);
      case FLAT_MAP -> assertThat(receipts.settled()).allMatch(x -> x % 3 == 0);
      case DISTINCT -> assertThat(receipts.settled()).allMatch(x -> x >= 10);
      case SKIP -> assertThat(receipts.settled()).allMatch(x -> x < 3);
      case TAKE_WHILE -> assertThat(receipts.settled()).allMatch(x -> x == 7);
      case WINDOW_WITH_GAPS -> assertThat(receipts.settled()).allMatch(x -> x % 5 > 1);
      case DEBOUNCE, SAMPLE -> assertThat(receipts.settled()).doesNotContain(N - 1);
      default -> assertThat(receipts.settled()).isEmpty();
    }
  }

  /** What was drained comes to its end; what was not read is not there. */
  @ParameterizedTest
  @EnumSource
  void elementsOfADrainedRunAreSettled(Operator operator) {
    if (left(operator) == null || operator == Operator.WINDOW_OVERLAPPING) {
      return;
    }
    Channel<Integer> numbers = Channel.buffered(N);
    numbers(0, N).forEach(numbers::trySend);
    var pipe = Pipe.from(receipts.source(Source.channel(numbers)));
    var trial = start(operator.addTo(pipe, "operator").to(Sink.count()));
    await("the last number", () -> numbers.size() == 0);
    trial.run().drain(Duration.ofMinutes(1));
    trial.end().result();
    receipts.check();
    if (operator != Operator.ZIP) { // its other side is drained as well
      receipts.checkAbandoned(List.of());
    }
  }

  // What holds elements, merges them, or makes many of them

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

  /** A stage that does not say what it holds may hold everything. */
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

  private static void send(Channel<Integer> numbers, int from, int to) {
    try {
      for (int i = from; i < to; i++) {
        numbers.send(i);
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Emits each element when the next one comes, and says so. */
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

  // Failures

  @Test
  void elementIsNotSettledBeforeTheHandlerHasReturned() {
    List<Set<Integer>> during = new ArrayList<>();
    List<Failure<?>> dead = new CopyOnWriteArrayList<>();
    var pipe =
        pipe()
            .map("report", x -> x == 3 ? raise(new IOException("three")) : x)
            .onFailure(FailurePolicy.deadLetters(dead::add))
            .mapParallel("dead", 1, x -> x == 5 ? raise(new IOException("five")) : x);
    run(
            pipe.to(Sink.count()),
            Context.background(),
            failure -> {
              assertThat(failure.element()).isEqualTo(3);
              during.add(Set.copyOf(receipts.settled()));
            })
        .result();
    assertThat(during).hasSize(1).noneMatch(settled -> settled.contains(3));
    assertThat(dead).extracting(Failure::element).isEqualTo(List.of(5));
    receipts.checkAbandoned(List.of());
  }

  @Test
  void elementsWhoseFailureNobodyTookAreAbandoned() {
    var thrown = new IllegalStateException("no room for failures");
    var pipe = pipe().map("fail", x -> x == 3 ? raise(new IOException("three")) : x);
    var ended =
        run(
            pipe.to(Sink.count()),
            Context.background(),
            failure -> {
              throw thrown;
            });
    assertThat(ended.failed()).isSameAs(thrown);
    receipts.checkSettled(numbers(0, 3));
  }

  @Test
  void firstFailureIsToldAsEver() {
    var cause = new IOException("three");
    var pipe = pipe().map("fail", x -> x == 3 ? raise(cause) : x);
    var ended = run(pipe.to(Sink.count()), Context.background(), FailureHandlers.stop());
    assertThat(ended.failed()).isSameAs(cause);
    assertThat(ended.messages()).contains("stage 'fail' failed on 3 (attempt 1)");
    receipts.checkSettled(numbers(0, 3));
  }

  @Test
  void failuresOfKeysAndPairsAreSettled() {
    List<Object> failed = new CopyOnWriteArrayList<>();
    var others = new Receipts();
    var pipe =
        pipe()
            .<Integer>partitionBy(
                "parts",
                x -> keyUnless(x % 10 == 1, x),
                3,
                lane ->
                    lane.<Integer>broadcast(
                        "two", List.of(one -> one.map("a", x -> x), two -> two.map("b", x -> x))))
            .<Integer>mapKeyed("keyed", 3, x -> keyUnless(x % 10 == 2, x), x -> x)
            .zip(
                "zip",
                Pipe.from("others", others.source(Numbers.below(3 * N))),
                (x, y) -> x % 10 == 3 ? raise(new IOException("three")) : x);
    run(pipe.to(Sink.count()), Context.background(), failure -> failed.add(failure.element()))
        .result();
    receipts.checkAbandoned(List.of());
    others.check();
    assertThat(failed).contains(1, 11, 2, 2, 12, 12);
    assertThat(failed.stream().filter(element -> element instanceof List<?>))
        .hasSize(2 * N / 10)
        .allMatch(pair -> ((List<?>) pair).stream().allMatch(Integer.class::isInstance));
  }

  private static Integer keyUnless(boolean fails, Integer element) {
    if (fails) {
      throw new IllegalStateException("no key");
    }
    return element;
  }

  // The end

  @Test
  void elementsThatNobodyWantsAnyMoreAreAbandoned() {
    assertThat(run(pipe().to(Sink.first())).result()).contains(0);
    receipts.checkSettled(List.of(0));
  }

  @Test
  void elementThatTheSinkFailsOnIsAbandoned() {
    var cause = new IOException("disk full");
    var ended =
        run(
            pipe()
                .to(
                    Sink.forEach(
                        x -> {
                          if (x == 4) {
                            throw cause;
                          }
                        })));
    assertThat(ended.failed()).isSameAs(cause);
    receipts.checkSettled(numbers(0, 4));
  }

  @Test
  void elementsOfAFileAreSettledWithTheFile(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("lines");
    Source<Integer> source =
        Numbers.below(N).before(next -> assertThat(receipts.settled()).isEmpty());
    run(Pipe.from(receipts.source(source)).map("line", x -> "" + x).to(Sink.lines(file))).result();
    assertThat(Files.readAllLines(file)).hasSize(N);
    receipts.checkAbandoned(List.of());
  }

  @Test
  void elementsOfAFileThatWasNotWrittenAreAbandoned(@TempDir Path folder) {
    var cause = new IOException("the source breaks");
    Source<Integer> source =
        Numbers.below(N)
            .before(
                next -> {
                  if (next == 20) {
                    throw cause;
                  }
                });
    Path file = folder.resolve("lines");
    var ended =
        run(Pipe.from(receipts.source(source)).map("line", x -> "" + x).to(Sink.lines(file)));
    assertThat(ended.failed()).isSameAs(cause);
    receipts.checkSettled(List.of());
  }

  @Test
  void sourceIsClosedAfterItsElementsHaveEnded() {
    var numbers = Numbers.below(N);
    var pipe =
        Pipe.from(receipts.source(numbers))
            .buffer("behind", N)
            .tee("open", x -> assertThat(receipts.settled()).doesNotContain(x));
    run(pipe.to(Sink.count())).result();
    receipts.checkAbandoned(List.of());
    numbers.checkReleased();
  }

  @Test
  void failureOfALateCloseIsToldByJoin() {
    var cause = new IOException("can not be closed");
    Source<Integer> source =
        context ->
            new Source.Cursor<>() {
              @Override
              public @Nullable Integer next() {
                return null;
              }

              @Override
              public void close() throws IOException {
                throw cause;
              }
            };
    var trial = start(Pipe.from(receipts.source(source)).to(Sink.count()));
    assertThat(trial.join().failed()).isSameAs(cause);
  }

  @Test
  void settlementThatThrowsStopsTheRun() {
    var thrown = new IllegalStateException("no receipt");
    Settlement<Integer> settlement =
        new Settlement<>() {
          @Override
          public void settled(Integer element) {
            throw thrown;
          }

          @Override
          public void abandoned(Integer element) {}
        };
    var pipe = Pipe.from(Source.settling(Numbers.endless(), settlement));
    var ended = run(pipe.filter("none", x -> false).to(Sink.count()));
    assertThat(ended.failed()).isInstanceOf(Error.class).hasCause(thrown);
  }

  @Test
  void nobodySettlesForAnEngineThatWasAskedItself() {
    var pipeline = pipe().to(Sink.count());
    var run = kit().engine().start(pipeline, Context.background(), failure -> {});
    var ended = assertThatThrownByJoin(run);
    assertThat(ended).hasRootCauseInstanceOf(IllegalStateException.class);
  }

  private static Throwable assertThatThrownByJoin(dev.millrace.pipeline.Run<?> run) {
    try {
      run.join();
    } catch (Exception e) {
      return e;
    }
    throw new AssertionError("it has not failed");
  }

  /** The books, the names and the drawing are those of the same pipeline without settlement. */
  @ParameterizedTest
  @EnumSource
  void reportKnowsNothingOfIt(Operator operator) {
    if (operator.endsEarly() || operator == Operator.ZIP) {
      return; // how far the source came is not the same twice
    }
    var plain = operator.addTo(Pipe.from(Numbers.below(N)), "operator").to(Sink.<Integer>toList());
    var settling = operator.addTo(pipe(), "operator").to(Sink.<Integer>toList());
    assertThat(settling.mermaid()).isEqualTo(plain.mermaid());
    var expected = run(plain);
    var ended = run(settling);
    assertThat(ended.result()).containsExactlyInAnyOrderElementsOf(expected.result());
    assertThat(counts(ended.report())).isEqualTo(counts(expected.report()));
  }

  private static List<String> counts(RunReport report) {
    return report.stages().stream()
        .map(
            stage ->
                "%s %d %d %d %d %d %d"
                    .formatted(
                        stage.name(),
                        stage.received(),
                        stage.processed(),
                        stage.failed(),
                        stage.dropped(),
                        stage.produced(),
                        stage.emitted()))
        .toList();
  }
}
