package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageReport;
import dev.millrace.stages.internal.fusion.Twins;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run of many elements goes over to code of its own, and nobody sees it but by its speed. */
class OwnCodeTest {

  private static final int MANY = 50_000;
  private static final int FEW = 1_000;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static Engine engine(String name) {
    return name.equals("channels") ? Engine.channels() : Engine.reactor();
  }

  private static Iterator<Integer> numbers(int count) {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < count;
      }

      @Override
      public Integer next() {
        return next++;
      }
    };
  }

  private static Pipe<Integer> pipe(int count) {
    return Pipe.from(Source.of(() -> numbers(count)))
        .map("next", n -> n + 1)
        .filter("even", n -> n % 2 == 0)
        .map("third", n -> n + 3)
        .filter("big", n -> n > 3);
  }

  private static long run(Engine engine, int count) throws Exception {
    try (var run = pipe(count).to(Sink.count()).start(engine, Context.background())) {
      return run.join();
    }
  }

  private static List<Long> counts(RunReport report, String stage) {
    StageReport counts = report.stage(stage);
    return List.of(counts.received(), counts.processed(), counts.failed(), counts.dropped());
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void everyElementIsCountedAndEveryFailureTold(String engine) throws Exception {
    List<Failure<?>> failures = new CopyOnWriteArrayList<>();
    var pipeline =
        Pipe.from(Source.of(() -> numbers(MANY)))
            .map("first", n -> n)
            .filter("even", n -> n % 2 == 0)
            .map("fails", OwnCodeTest::failing)
            .tee("seen", n -> {})
            .to(Sink.count());
    RunReport report;
    try (var run = pipeline.start(engine(engine), Context.background(), failures::add)) {
      assertThat(run.join()).isEqualTo(MANY / 2 - MANY / 10_000);
      report = run.report();
    }
    assertThat(report.balances()).isTrue();
    long half = MANY / 2;
    long failed = MANY / 10_000;
    assertThat(counts(report, "first")).containsExactly((long) MANY, (long) MANY, 0L, 0L);
    assertThat(counts(report, "even")).containsExactly((long) MANY, half, 0L, half);
    assertThat(counts(report, "fails")).containsExactly(half, half - failed, failed, 0L);
    assertThat(counts(report, "seen")).containsExactly(half - failed, half - failed, 0L, 0L);
    assertThat(counts(report, "sink")).containsExactly(half - failed, half - failed, 0L, 0L);
    assertThat(failures.stream().<Object>map(Failure::element))
        .containsExactly(0, 10_000, 20_000, 30_000, 40_000);
    Throwable last = failures.getLast().cause();
    assertThat(last.getStackTrace()[0].getMethodName()).isEqualTo("failing");
    assertThat(last.getStackTrace()).noneMatch(frame -> frame.getClassName().contains("/"));
  }

  private static Integer failing(Integer n) throws IOException {
    if (n % 10_000 == 0) {
      throw new IOException("by a function");
    }
    return n;
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void pipelinesOfOneKindShareTheirClasses(String engine) throws Exception {
    assertThat(run(engine(engine), MANY)).isEqualTo(MANY / 2);
    int count = Twins.ALL.count();
    assertThat(count).isPositive();
    for (int i = 0; i < 100; i++) {
      run(engine(engine), 20_000);
    }
    assertThat(Twins.ALL.count()).isEqualTo(count);
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void shortRunsDefineNoClasses(String engine) throws Exception {
    int count = Twins.ALL.count();
    var pipeline =
        Pipe.from(Source.of(() -> numbers(FEW))).map("short", n -> n + 1).to(Sink.count());
    for (int i = 0; i < 100; i++) {
      try (var run = pipeline.start(engine(engine), Context.background())) {
        run.join();
      }
    }
    assertThat(Twins.ALL.count()).isEqualTo(count);
  }

  /**
   * Without code of its own, the chain makes boxes of 40 bytes for each element. Half of the
   * elements reach the sink. All sinks of a program share the code that calls their consumers, so
   * the box of such an element may be made: 8 bytes for each element of the source.
   */
  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void compiledChainMakesNoObjectsBetweenItsStages(String engine) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () -> {
              run(engine(engine), 1_000_000);
              long before = THREADS.getTotalThreadAllocatedBytes();
              run(engine(engine), 1_000_000);
              long bytes = THREADS.getTotalThreadAllocatedBytes() - before;
              assertThat(bytes / 1e6).as("bytes for each element").isLessThan(16);
            });
  }
}
