package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A running pipeline says which stage waits for what, and since when; alike on both engines. */
class ExplainTest {

  /** A time as {@code explain} writes it. */
  private static final String TIME = "\\d+(\\.\\d)? (µs|ms|s|min \\d+ s)";

  private final CountDownLatch release = new CountDownLatch(1);

  static List<Engine> engines() {
    return List.of(Engine.channels(), Engine.reactor());
  }

  private static <R> Run<R> start(Engine engine, Pipeline<R> pipeline) {
    return pipeline.start(engine, Context.background(), failure -> {});
  }

  private static Source<Integer> endless() {
    return Source.generate(() -> 1);
  }

  /** Does not return before the test says so. */
  private <T> T hang(T element) throws InterruptedException {
    release.await();
    return element;
  }

  /**
   * A line that begins with these words; a time stands for {@code TIME}. Returns the text with this
   * line: while elements go on, the next text can be another one.
   */
  private static String awaitLine(Run<?> run, String begin) {
    String quoted = Pattern.quote(begin).replace("TIME", "\\E" + TIME + "\\Q");
    var pattern = Pattern.compile("^" + quoted, Pattern.MULTILINE);
    var last = new AtomicReference<>("");
    await(begin)
        .conditionEvaluationListener(null)
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> {
              last.set(run.explain());
              assertThat(last.get()).containsPattern(pattern);
            });
    return last.get();
  }

  private static final String HERE = "dev.millrace.stages.ExplainTest.";

  @ParameterizedTest
  @MethodSource("engines")
  void sourceThatWaitsIsNamedWithItsChannel(Engine engine) {
    Channel<Integer> orders = Channel.buffered(3);
    var job =
        Pipe.from("orders", Source.channel(orders))
            .map("handle", x -> x)
            .buffer("apart", 4)
            .to(Sink.count());
    try (var run = start(engine, job)) {
      awaitLine(run, "orders: waits for an element in Channel[0 of 3, ");
      awaitLine(run, "sink: waits for an element, for TIME");
      assertThat(run.explain()).containsPattern("1 receivers wait], for at least " + TIME + ";");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void sourceThatHangsIsNamedWithItsLine(Engine engine) {
    var job = Pipe.from("slow", Source.generate(() -> hang(1))).to(Sink.count());
    try (var run = start(engine, job)) {
      awaitLine(run, "slow: waits for its source, for at least TIME, at " + HERE + "hang(");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void sinkThatWaitsForRoomIsNamedWithItsChannel(Engine engine) {
    Channel<Integer> full = Channel.buffered(1);
    var job = Pipe.from(endless()).buffer("apart", 2).to(Sink.channel(full));
    try (var run = start(engine, job)) {
      awaitLine(run, "sink: waits for room in Channel[1 of 1, 1 senders");
      awaitLine(run, "source: waits for 'apart' to take an element, for TIME;");
      assertThat(run.explain()).containsPattern("0 receivers wait], for at least " + TIME + ";");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void functionThatHangsIsNamedWithItsLineInAFusedChain(Engine engine) {
    var job =
        Pipe.from(endless())
            .map("before", x -> x)
            .filter("holds", x -> true)
            .map("stuck", this::hang)
            .map("after", x -> x)
            .to(Sink.count());
    try (var run = start(engine, job)) {
      awaitLine(run, "stuck: runs its function, for at least TIME, at " + HERE + "hang(");
      awaitLine(run, "holds: waits for 'stuck' to take an element, for TIME;");
      awaitLine(run, "before: waits for 'holds' to take an element, for TIME;");
      awaitLine(run, "source: waits for 'before' to take an element, for TIME;");
      awaitLine(run, "sink: waits for an element, for TIME;");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void stageBehindABufferThatHangsHoldsUpTheStagesBefore(Engine engine) {
    var job =
        Pipe.from(endless())
            .flatMap(
                "holds", x -> List.of(x)) // its call lasts as long as the wait of the next stage
            .map("before", x -> x)
            .buffer("apart", 2)
            .map("stuck", this::hang)
            .to(Sink.count());
    try (var run = start(engine, job)) {
      awaitLine(run, "before: waits for 'apart' to take an element, for TIME;");
      awaitLine(run, "holds: waits for 'before' to take an element, for TIME;");
      awaitLine(run, "source: waits for 'holds' to take an element, for TIME;");
      awaitLine(run, "stuck: runs its function, for at least TIME, at " + HERE + "hang(");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void parallelStageTellsRunningAndQueuedApart(Engine engine) {
    var job =
        Pipe.from(endless()).take("some", 20).mapParallel("work", 3, this::hang).to(Sink.count());
    try (var run = start(engine, job)) {
      awaitLine(run, "work: runs 3 functions, the longest for at least TIME, at " + HERE + "hang(");
      assertThat(run.explain()).contains("in flight 20 (3 running, 17 waiting)");
    }
  }

  private void hangElsewhere() throws InterruptedException {
    release.await();
  }

  @ParameterizedTest
  @MethodSource("engines")
  void workersThatHangInSeveralLinesAreCounted(Engine engine) {
    var job =
        Pipe.from(Source.of(List.of(1, 2, 3)))
            .mapParallel(
                "work",
                3,
                x -> {
                  if (x == 2) {
                    hangElsewhere();
                  }
                  return hang(x);
                })
            .to(Sink.count());
    try (var run = start(engine, job)) {
      awaitLine(run, "work: runs 3 functions, the longest for at least TIME: 2 at " + HERE);
      assertThat(run.explain()).contains(", 1 at " + HERE + "hangElsewhere(");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void failureHandlerAtWorkIsNamed(Engine engine) {
    var job =
        Pipe.from(endless())
            .mapParallel(
                "broken",
                2,
                (Integer x) -> {
                  throw new IOException("boom");
                })
            .to(Sink.count());
    try (var run = job.start(engine, Context.background(), failure -> hangElsewhere())) {
      awaitLine(run, "broken: its failure handler runs, for TIME, at " + HERE + "hangElsewhere(");
      assertThat(run.explain()).containsPattern("and a failure waits for its handler, for " + TIME);
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void bottleneckIsTheStageBehindTheFullBoundary(Engine engine) {
    var job =
        Pipe.from(endless())
            .map("quick", x -> x)
            .buffer("apart", 4)
            .map("slow", ExplainTest::slowly)
            .to(Sink.count());
    try (var run = start(engine, job)) {
      assertThat(
              awaitLine(
                  run,
                  "bottleneck: 'slow', 'sink' (in one thread). 'quick' has waited for room for"))
          .contains(
              "A larger buffer before it would not help: make it faster, or run it in parallel.");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void bottleneckIsTheParallelStage(Engine engine) {
    for (var parallel : parallel("slow", ExplainTest::slowly)) {
      try (var run = start(engine, parallel.to(Sink.count()))) {
        assertThat(
                awaitLine(
                    run, "bottleneck: 'slow'. 'source' has waited for room for TIME of TIME ("))
            .contains("make it faster, or raise its parallelism.");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void bottleneckIsTheSinkBehindTheParallelStage(Engine engine) {
    for (var parallel : parallel("quick", x -> x)) {
      try (var run = start(engine, parallel.to(Sink.forEach(x -> slowly(x))))) {
        awaitLine(run, "bottleneck: 'sink'. 'quick' has waited for room for TIME of TIME (");
      }
    }
  }

  private static List<Pipe<Integer>> parallel(
      String name, StageFunction<Integer, Integer> function) {
    return List.of(
        Pipe.from(endless()).mapParallel(name, 2, function),
        Pipe.from(endless()).mapParallelUnordered(name, 2, function),
        Pipe.from(endless()).mapKeyed(name, 2, x -> x, function));
  }

  @ParameterizedTest
  @MethodSource("engines")
  void bufferThatIsTooSmallIsTold(Engine engine) {
    var count = new int[2];
    var job =
        Pipe.from(endless()) // each side is slow while the other is fast; 'in' waits for a third
            .map("in", x -> count[0]++ % 150 < 100 ? slowly(x) : x)
            .buffer("apart", 1)
            .map("out", x -> count[1]++ % 150 < 100 ? x : slowly(x))
            .to(Sink.count());
    try (var run = start(engine, job)) {
      assertThat(awaitLine(run, "buffer: 'in' has waited for room for "))
          .containsPattern("A larger buffer between them wins \\d+ % at most");
    }
  }

  private static int slowly(int element) {
    LockSupport.parkNanos(1_000_000);
    return element;
  }

  @ParameterizedTest
  @MethodSource("engines")
  void firstCallerLearnsSinceWhen(Engine engine) {
    var job = Pipe.from(endless()).map("stuck", this::hang).to(Sink.count());
    try (var run = start(engine, job)) {
      long begin = System.nanoTime();
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> System.nanoTime() - begin > Duration.ofSeconds(5).toNanos());
      assertThat(run.explain())
          .containsPattern("stuck: runs its function, for at least \\d+\\.\\d s, at ");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void endedRunSaysSo(Engine engine) throws Exception {
    try (var run = start(engine, Pipe.from(Source.of(List.of(1))).to(Sink.count()))) {
      run.join();
      assertThat(run.explain()).contains("source: ended; ").contains("sink: ended; ");
    }
  }
}
