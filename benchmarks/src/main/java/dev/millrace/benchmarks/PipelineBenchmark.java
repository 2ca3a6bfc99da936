package dev.millrace.benchmarks;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Gatherers;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Whole pipelines, from a source to a sink; the score is the time per element of the source.
 *
 * <p>An invocation starts a pipeline over a fixed number of elements, and waits for its result.
 * Reports, ledger and context are on. Buffers have 256 elements, as Reactor's have by default.
 *
 * <p>Reactor's {@code publishOn} alone is not always a boundary between two threads: whoever takes
 * elements asks for more, and the source then makes them in that very thread. So the peer "reactor"
 * has a thread for the source as well ({@code subscribeOn}), and "publishon" has not.
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
  private static final int BUFFER = 256;
  private static final int WORKERS = 8;
  private static final int MANY_WORKERS = 1000;
  private static final int BRANCHES = 4;

  /** Whose pipeline. */
  @Param({"millrace", "millrace-reactor", "reactor", "publishon", "flatmap", "gatherers", "loop"})
  public String peer = "millrace";

  private Engine engine = Engine.channels();
  private long tokens;

  /** Small numbers, which are boxed already. */
  private record Numbers(int count) implements Iterable<Integer> {
    @Override
    public Iterator<Integer> iterator() {
      return new Iterator<>() {
        private int next;

        @Override
        public boolean hasNext() {
          return next < count;
        }

        @Override
        public Integer next() {
          return next++ & 127;
        }
      };
    }
  }

  /** Finds out how much work takes 10 µs. */
  @Setup(Level.Trial)
  public void calibrate() {
    engine = peer.equals("millrace-reactor") ? Engine.reactor() : Engine.channels();
    long best = Long.MAX_VALUE;
    int many = 1_000_000;
    for (int i = 0; i < 20; i++) {
      long start = System.nanoTime();
      Blackhole.consumeCPU(many);
      best = Math.min(best, System.nanoTime() - start);
    }
    tokens = 10_000L * many / best;
  }

  private static Pipe<Integer> pipe(int count) {
    return Pipe.from(Source.of(new Numbers(count)));
  }

  private static Flux<Integer> flux(int count) {
    return Flux.fromIterable(new Numbers(count));
  }

  private static Stream<Integer> stream(int count) {
    return StreamSupport.stream(new Numbers(count).spliterator(), false);
  }

  private long run(Pipeline<Long> pipeline) throws Exception {
    try (var run = pipeline.start(engine, Context.background())) {
      return run.join();
    }
  }

  private static long run(Flux<?> flux) {
    return flux.count().blockOptional().orElseThrow();
  }

  private UnsupportedOperationException none() {
    return new UnsupportedOperationException(peer + " is no peer here");
  }

  private static Integer plus(Integer n) {
    return n + 1 & 127;
  }

  private static boolean isBig(Integer n) {
    return n > 3;
  }

  /** Four synchronous stages in one thread. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long fused() throws Exception {
    return switch (peer) {
      case "millrace", "millrace-reactor" ->
          run(
              pipe(ELEMENTS)
                  .map("a", PipelineBenchmark::plus)
                  .filter("b", PipelineBenchmark::isBig)
                  .map("c", PipelineBenchmark::plus)
                  .filter("d", PipelineBenchmark::isBig)
                  .to(Sink.count()));
      case "reactor" ->
          run(
              flux(ELEMENTS)
                  .map(PipelineBenchmark::plus)
                  .filter(PipelineBenchmark::isBig)
                  .map(PipelineBenchmark::plus)
                  .filter(PipelineBenchmark::isBig));
      case "gatherers" ->
          stream(ELEMENTS)
              .map(PipelineBenchmark::plus)
              .filter(PipelineBenchmark::isBig)
              .map(PipelineBenchmark::plus)
              .filter(PipelineBenchmark::isBig)
              .collect(Collectors.counting());
      case "loop" -> {
        long count = 0;
        for (Integer n : new Numbers(ELEMENTS)) {
          Integer next = plus(n);
          if (isBig(next) && isBig(plus(next))) {
            count++;
          }
        }
        yield count;
      }
      default -> throw none();
    };
  }

  /** One hand-over between two threads. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long oneBoundary() throws Exception {
    return boundaries(1);
  }

  /** Three hand-overs among four threads; the score is for all three. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long threeBoundaries() throws Exception {
    return boundaries(3);
  }

  private long boundaries(int n) throws Exception {
    return switch (peer) {
      case "millrace", "millrace-reactor" -> boundaries(pipe(ELEMENTS), n);
      case "reactor" -> boundaries(flux(ELEMENTS).subscribeOn(Schedulers.parallel()), n);
      // Hidden, as the first boundary is none at all otherwise: it would pull from the iterable.
      case "publishon" -> boundaries(flux(ELEMENTS).hide(), n);
      default -> throw none();
    };
  }

  private long boundaries(Pipe<Integer> source, int n) throws Exception {
    Pipe<Integer> pipe = source;
    for (int i = 0; i < n; i++) {
      pipe = pipe.map("map" + i, PipelineBenchmark::plus).buffer("buffer" + i, BUFFER);
    }
    return run(pipe.map("last", PipelineBenchmark::plus).to(Sink.count()));
  }

  private static long boundaries(Flux<Integer> source, int n) {
    Flux<Integer> flux = source;
    for (int i = 0; i < n; i++) {
      flux = flux.map(PipelineBenchmark::plus).publishOn(Schedulers.parallel(), BUFFER);
    }
    return run(flux.map(PipelineBenchmark::plus));
  }

  /** A trivial function for eight elements at once; results as they come. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long parallelUnordered() throws Exception {
    return unordered(ELEMENTS, PipelineBenchmark::plus);
  }

  /** As {@link #parallelUnordered}, in order. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long parallelOrdered() throws Exception {
    return ordered(ELEMENTS, WORKERS, PipelineBenchmark::plus);
  }

  /** 10 µs of work for each element, eight at once; results as they come. */
  @Benchmark
  @OperationsPerInvocation(FEW)
  public long parallelCpuUnordered() throws Exception {
    return unordered(FEW, this::work);
  }

  /** As {@link #parallelCpuUnordered}, in order. */
  @Benchmark
  @OperationsPerInvocation(FEW)
  public long parallelCpuOrdered() throws Exception {
    return ordered(FEW, WORKERS, this::work);
  }

  private Integer work(Integer n) {
    Blackhole.consumeCPU(tokens);
    return n;
  }

  /** A thousand elements at once, each of which sleeps for 1 ms; in order. */
  @Benchmark
  @OperationsPerInvocation(SLEEPERS)
  public long parallelSleep() throws Exception {
    return ordered(SLEEPERS, MANY_WORKERS, PipelineBenchmark::sleep);
  }

  private static Integer sleep(Integer n) {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return n;
  }

  private long unordered(int count, Function<Integer, Integer> function) throws Exception {
    return switch (peer) {
      case "millrace", "millrace-reactor" ->
          run(
              pipe(count)
                  .mapParallelUnordered("parallel", WORKERS, function::apply)
                  .to(Sink.count()));
      case "reactor" ->
          run(
              flux(count)
                  .parallel(WORKERS)
                  .runOn(Schedulers.parallel())
                  .map(function)
                  .sequential());
      case "flatmap" -> run(flux(count).flatMap(n -> later(() -> function.apply(n)), WORKERS));
      case "gatherers" -> gatherers(count, WORKERS, function);
      default -> throw none();
    };
  }

  private long ordered(int count, int workers, Function<Integer, Integer> function)
      throws Exception {
    return switch (peer) {
      case "millrace", "millrace-reactor" ->
          run(pipe(count).mapParallel("parallel", workers, function::apply).to(Sink.count()));
      case "reactor" ->
          run(flux(count).flatMapSequential(n -> later(() -> function.apply(n)), workers));
      case "gatherers" -> gatherers(count, workers, function);
      default -> throw none();
    };
  }

  private static long gatherers(int count, int workers, Function<Integer, Integer> function) {
    return stream(count)
        .gather(Gatherers.mapConcurrent(workers, function))
        .collect(Collectors.counting());
  }

  private static Mono<Integer> later(Callable<Integer> function) {
    return Mono.fromCallable(function).subscribeOn(Schedulers.boundedElastic());
  }

  /** Each element goes to four branches, which run in threads of their own, and come together. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public long broadcast() throws Exception {
    return switch (peer) {
      case "millrace", "millrace-reactor" -> broadcast(pipe(ELEMENTS));
      case "reactor" -> broadcast(flux(ELEMENTS).subscribeOn(Schedulers.parallel()));
      case "publishon" -> broadcast(flux(ELEMENTS));
      default -> throw none();
    };
  }

  private long broadcast(Pipe<Integer> source) throws Exception {
    List<Function<Pipe<Integer>, Pipe<Integer>>> branches = new ArrayList<>();
    for (int i = 0; i < BRANCHES; i++) {
      String name = "map" + i;
      branches.add(lane -> lane.map(name, PipelineBenchmark::plus));
    }
    return run(source.broadcast("all", branches).to(Sink.count()));
  }

  private static long broadcast(Flux<Integer> source) {
    Flux<Integer> shared = source.publish(BUFFER).autoConnect(BRANCHES);
    List<Flux<Integer>> branches = new ArrayList<>();
    for (int i = 0; i < BRANCHES; i++) {
      branches.add(shared.publishOn(Schedulers.parallel(), BUFFER).map(PipelineBenchmark::plus));
    }
    return run(Flux.merge(branches));
  }
}
