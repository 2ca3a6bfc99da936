package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.stages.internal.fusion.Twins;
import dev.millrace.stages.internal.wait.Signal;
import java.lang.management.ManagementFactory;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What an element costs in a pipeline, in counts and not in seconds: bytes, parks, threads, hidden
 * classes.
 *
 * <p>A count is the least of some passes, so that the work of other threads of the JVM does not
 * matter. The passes go on until the counts are below the limits, because the JIT compiler of a
 * busy machine takes its time. The limits are twice the counts of a warm JVM, or more. An object or
 * a park more for each element exceeds them after any number of passes.
 */
@Timeout(120)
@Tag("cost")
class PipelineCostTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int ELEMENTS = 50_000;
  private static final int WARM_UP = 4;
  private static final int MOST_PASSES = 100;
  private static final int RUNS = 1_000;

  /** For each element; the classes for each pass. */
  private record Cost(double bytes, double parks, double threads, double classes) {

    private static Cost now() {
      return new Cost(
          THREADS.getTotalThreadAllocatedBytes(),
          Signal.parks(),
          Thread.ofVirtual().unstarted(() -> {}).threadId(), // rises by one
          Twins.ALL.count());
    }

    private Cost since(Cost before) {
      return new Cost(
          (bytes - before.bytes) / ELEMENTS,
          (parks - before.parks) / ELEMENTS,
          (threads - before.threads) / ELEMENTS,
          classes - before.classes);
    }

    private Cost least(Cost other) {
      return new Cost(
          Math.min(bytes, other.bytes),
          Math.min(parks, other.parks),
          Math.min(threads, other.threads),
          Math.max(classes, other.classes));
    }
  }

  /** The limits of bytes are for channels and for Reactor. */
  enum Row {
    FUSED(14, 14, 0.001),
    BOUNDARY(14, 14, 0.1),
    PARALLEL(15, 15, 0.4),
    BALANCE(30, 120, 0.5),
    BROADCAST(30, 350, 0.8);

    private final double bytesOnChannels;
    private final double bytesOnReactor;
    private final double parks;

    Row(double bytesOnChannels, double bytesOnReactor, double parks) {
      this.bytesOnChannels = bytesOnChannels;
      this.bytesOnReactor = bytesOnReactor;
      this.parks = parks;
    }

    private Pipe<Integer> stages(Pipe<Integer> pipe) {
      return switch (this) {
        case FUSED ->
            pipe.map("a", n -> n + 1)
                .filter("b", n -> n >= 0)
                .map("c", n -> n - 1)
                .filter("d", n -> n >= 0);
        case BOUNDARY -> pipe.map("a", n -> n + 1).buffer("b", 256).map("c", n -> n - 1);
        case PARALLEL -> pipe.mapParallelUnordered("a", 8, n -> n + 1);
        case BALANCE -> pipe.balance("a", 8, lane -> lane.map("b", n -> n + 1));
        case BROADCAST ->
            pipe.broadcast(
                "a",
                List.of(
                    lane -> lane.map("b", n -> n + 1),
                    lane -> lane.map("c", n -> n + 2),
                    lane -> lane.map("d", n -> n + 3),
                    lane -> lane.map("e", n -> n + 4)));
      };
    }

    private Cost pass(Engine engine) throws Exception {
      Cost before = Cost.now();
      Pipe<Integer> pipe = stages(Pipe.from(Source.of(PipelineCostTest::numbers)));
      try (var run = pipe.to(Sink.count()).start(engine, Context.background())) {
        assertThat(run.join()).isGreaterThanOrEqualTo(ELEMENTS);
      }
      return Cost.now().since(before);
    }
  }

  /** Small numbers, for which the JVM keeps objects. So each byte that is counted is ours. */
  private static Iterator<Integer> numbers() {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < ELEMENTS;
      }

      @Override
      public Integer next() {
        return next++ & 63;
      }
    };
  }

  @ParameterizedTest
  @EnumSource
  void elementCostsNoMoreThanTheLimitsOnChannels(Row row) throws Exception {
    check(row, Engine.channels(), row.bytesOnChannels);
  }

  @ParameterizedTest
  @EnumSource
  void elementCostsNoMoreThanTheLimitsOnReactor(Row row) throws Exception {
    check(row, Engine.reactor(), row.bytesOnReactor);
  }

  /** The limits are for a pipeline without a boundary, and one element. */
  @ParameterizedTest
  @CsvSource({"channels, 12000", "reactor, 35000"})
  void runCostsNoMoreThanTheLimit(String engine, double bytes) throws Exception {
    double least = Double.MAX_VALUE;
    long elements = 0;
    for (int i = 0; i < MOST_PASSES && least >= bytes; i++) {
      long before = THREADS.getTotalThreadAllocatedBytes();
      for (int run = 0; run < RUNS; run++) {
        Pipe<Integer> pipe = Pipe.from(Source.of(() -> List.of(1).iterator()));
        try (var one =
            pipe.map("a", n -> n)
                .to(Sink.count())
                .start(Engine.named(engine), Context.background())) {
          elements += one.join();
        }
      }
      double each = (double) (THREADS.getTotalThreadAllocatedBytes() - before) / RUNS;
      least = Math.min(least, each);
    }
    assertThat(elements).isGreaterThanOrEqualTo(RUNS);
    assertThat(least).as("bytes a run").isLessThan(bytes);
  }

  private static void check(Row row, Engine engine, double bytes) throws Exception {
    int classesBefore = Twins.ALL.count();
    for (int i = 0; i < WARM_UP; i++) {
      row.pass(engine);
    }
    int classes = Twins.ALL.count() - classesBefore;
    Cost cost = row.pass(engine);
    for (int i = 1; i < MOST_PASSES && !(cost.bytes() < bytes && cost.parks() < row.parks); i++) {
      cost = cost.least(row.pass(engine));
    }
    assertThat(cost.bytes()).as("bytes an element").isLessThan(bytes);
    assertThat(cost.parks()).as("parks an element").isLessThan(row.parks);
    assertThat(cost.threads()).as("threads an element").isLessThan(0.01);
    assertThat(classes).as("hidden classes of a kind of pipeline").isLessThanOrEqualTo(8);
    assertThat(cost.classes()).as("hidden classes of another run").isZero();
  }
}
