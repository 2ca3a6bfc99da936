package dev.millrace.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Whole pipelines, from a source to a sink; the score is the time per element of the source.
 *
 * <p>An invocation starts a pipeline over a fixed number of elements, and waits for its result.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Fork(3)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class PipelineBenchmark {

  private static final int ELEMENTS = 200_000;
  private static final int FEW = 20_000;
  private static final int SLEEPERS = 100_000;
  private static final int WORKERS = 8;
  private static final int MANY_WORKERS = 1000;
  private static final int BRANCHES = 4;

  /** The peer. */
  @Param({
    "millrace",
    "millrace-reactor",
    "reactor",
    "publishon",
    "flatmap",
    "rxjava",
    "kotlin",
    "pekko",
    "gatherers",
    "loop"
  })
  public String peer = "millrace";

  @SuppressWarnings("NullAway.Init") // set by open
  private Pipelines pipelines;

  private long tokens;

  /** Finds out how much work takes 10 µs. */
  @Setup(Level.Trial)
  public void open() {
    pipelines = Pipelines.of(peer);
    long best = Long.MAX_VALUE;
    int many = 1_000_000;
    for (int i = 0; i < 20; i++) {
      long start = System.nanoTime();
      Blackhole.consumeCPU(many);
      best = Math.min(best, System.nanoTime() - start);
    }
    tokens = 10_000L * many / best;
  }

  /** Ends the threads of the peer. */
  @TearDown(Level.Trial)
  public void close() {
    pipelines.close();
  }

  /** Four synchronous stages in one thread. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long fused() throws Exception {
    return pipelines.fused(ELEMENTS);
  }

  /**
   * Like {@link #fused}; source and stages make new objects, and half of the elements are dropped.
   */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long fusedBoxes() throws Exception {
    return pipelines.fusedBoxes(ELEMENTS);
  }

  /** One hand-over between two threads. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long oneBoundary() throws Exception {
    return pipelines.boundaries(ELEMENTS, 1);
  }

  /** Three hand-overs among four threads; the score is for all three. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long threeBoundaries() throws Exception {
    return pipelines.boundaries(ELEMENTS, 3);
  }

  /** A trivial function, eight elements at once; results in any order. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long parallelUnordered() throws Exception {
    return pipelines.unordered(ELEMENTS, WORKERS, Numbers::plus);
  }

  /** Like {@link #parallelUnordered}, in order. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long parallelOrdered() throws Exception {
    return pipelines.ordered(ELEMENTS, WORKERS, Numbers::plus);
  }

  /** 10 µs of work for each element, eight at once; results in any order. */
  @Benchmark
  @OperationsPerInvocation(FEW)
  public long parallelCpuUnordered() throws Exception {
    return pipelines.unordered(FEW, WORKERS, this::work);
  }

  /** Like {@link #parallelCpuUnordered}, in order. */
  @Benchmark
  @OperationsPerInvocation(FEW)
  public long parallelCpuOrdered() throws Exception {
    return pipelines.ordered(FEW, WORKERS, this::work);
  }

  private Integer work(Integer n) {
    Blackhole.consumeCPU(tokens);
    return n;
  }

  /** A thousand elements at once, each of which sleeps for 1 ms; in order. */
  @Benchmark
  @OperationsPerInvocation(SLEEPERS)
  public long parallelSleep() throws Exception {
    return pipelines.ordered(SLEEPERS, MANY_WORKERS, PipelineBenchmark::sleep);
  }

  private static Integer sleep(Integer n) {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return n;
  }

  /** Each element goes to four branches, which run in threads of their own and are merged. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long broadcast() throws Exception {
    return pipelines.broadcast(ELEMENTS, BRANCHES);
  }
}
