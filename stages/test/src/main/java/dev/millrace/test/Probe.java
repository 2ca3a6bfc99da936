package dev.millrace.test;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.FailureHandlers;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.StageConsumer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs a part of a pipeline, and lets a test give its elements and take its results one by one.
 *
 * <pre>{@code
 * try (var probe =
 *     Probe.on(Engine.channels())
 *         .start((Pipe<String> lines) -> lines.map("parse", Integer::parseInt).batch("pairs", 2))) {
 *   probe.push("1", "x", "2");
 *   probe.expect(List.of(1, 2));
 *   probe.expectFailure("parse", NumberFormatException.class);
 *   probe.end();
 *   probe.expectCompletion();
 * }
 * }</pre>
 *
 * <p>Failures of elements do not stop the run, unless {@link Setup#stopOnFailure} says so. See
 * {@link ProbedRun} for failures, counts and ends, and for thread-safety.
 *
 * @param <I> the type of the elements that go in
 * @param <O> the type of the elements that come out
 */
public final class Probe<I, O> extends ProbedRun<List<O>> {

  private final ProbeSource<I> source;
  private final ProbeSink<O> sink;
  private final Trace trace;
  private int expected;

  private Probe(Setup setup, ProbeSource<I> source, ProbeSink<O> sink, Trace trace) {
    super(source.waiting, setup.patience);
    this.source = source;
    this.sink = sink;
    this.trace = trace;
  }

  /** A probe on an engine. */
  public static Setup on(Engine engine) {
    return new Setup(engine);
  }

  /** The settings of probes. Not thread-safe. */
  public static final class Setup {
    private final Engine engine;
    private Context context = Context.background();
    private Duration patience = Duration.ofSeconds(10);
    private boolean paused;
    private boolean settles;
    private StageConsumer<? super Failure<?>> onFailure = FailureHandlers.ignore();

    private Setup(Engine engine) {
      this.engine = Objects.requireNonNull(engine, "engine");
    }

    /** The parent of the run's context. Default: {@link Context#background()}. */
    public Setup context(Context parent) {
      context = Objects.requireNonNull(parent, "parent");
      return this;
    }

    /** The longest time that an {@code expect} or {@code await} method waits. Default: 10 s. */
    public Setup within(Duration longest) {
      if (!longest.isPositive()) {
        throw new IllegalArgumentException("the time must be positive, but is " + longest);
      }
      patience = longest;
      return this;
    }

    /** The sink takes no element until the test calls {@link Probe#request}. */
    public Setup paused() {
      paused = true;
      return this;
    }

    /** The run settles the elements: see {@link Probe#expectSettled}. */
    public Setup settling() {
      settles = true;
      return this;
    }

    /** The first failure of an element stops the run, as it does by default outside of tests. */
    public Setup stopOnFailure() {
      return onFailure(FailureHandlers.stop());
    }

    /** A failure handler, called after the probe has kept the failure. Default: none. */
    public Setup onFailure(StageConsumer<? super Failure<?>> handler) {
      onFailure = Objects.requireNonNull(handler, "handler");
      return this;
    }

    /** Starts a run of these stages between a source and a sink of the probe. */
    public <I, O> Probe<I, O> start(Function<Pipe<I>, Pipe<O>> stages) {
      return start((pipe, trace) -> stages.apply(pipe));
    }

    /** The same, with a trace for {@link Probe#expectSeen}. */
    public <I, O> Probe<I, O> start(BiFunction<Pipe<I>, Trace, Pipe<O>> stages) {
      var waiting = new Waiting();
      var source = new ProbeSource<I>(waiting);
      ProbeSink<O> sink = paused ? ProbeSink.paused(waiting) : ProbeSink.unbounded(waiting);
      var probe = new Probe<I, O>(this, source, sink, new Trace(waiting));
      Pipe<I> first = Pipe.from("probe", settles ? source.settling() : source);
      Pipeline<List<O>> pipeline = stages.apply(first, probe.trace).to(sink);
      probe.start(handler -> pipeline.start(engine, context, handler), onFailure);
      return probe;
    }

    /** Starts a whole pipeline, for example one with a {@link ProbeSource}. */
    public <R extends @Nullable Object> ProbedRun<R> start(Pipeline<R> pipeline) {
      var run = new ProbedRun<R>(new Waiting(), patience);
      run.start(handler -> pipeline.start(engine, context, handler), onFailure);
      return run;
    }
  }

  /** Gives elements to the run; returns at once. They wait until the run asks for them. */
  @SafeVarargs
  @SuppressWarnings("varargs")
  public final void push(I... elements) {
    for (I element : elements) {
      source.push(element);
    }
  }

  /** No more elements. Returns at once. */
  public void end() {
    source.end();
  }

  /** The source fails after the elements that were pushed. Returns at once. */
  public void fail(Exception failure) {
    source.fail(failure);
  }

  /** Lets the sink take more elements, after {@link Setup#paused}. Returns at once. */
  public void request(long elements) {
    sink.request(elements);
  }

  /** The source, for the number of elements that the run has asked for. */
  public ProbeSource<I> source() {
    return source;
  }

  /** The sink, for ends that it decides. */
  public ProbeSink<O> sink() {
    return sink;
  }

  /** The elements that left the traced stages. */
  public Trace trace() {
    return trace;
  }

  /** All elements that came out so far. */
  public List<O> results() {
    return sink.taken();
  }

  /** Waits until the next elements have come out, and compares them, in their order. */
  @SafeVarargs
  @SuppressWarnings("varargs")
  public final void expect(O... elements) throws InterruptedException {
    List<O> wanted = List.of(elements);
    List<O> came = next(wanted);
    require(came.equals(wanted), () -> "expected %s, but came %s".formatted(wanted, came));
  }

  /** The same, in any order; for stages that keep none. */
  @SafeVarargs
  @SuppressWarnings("varargs")
  public final void expectInAnyOrder(O... elements) throws InterruptedException {
    List<O> wanted = List.of(elements);
    List<O> came = next(wanted);
    List<O> missing = new ArrayList<>(wanted);
    came.forEach(missing::remove);
    require(
        missing.isEmpty(), () -> "expected %s in any order, but came %s".formatted(wanted, came));
  }

  private List<O> next(List<O> wanted) throws InterruptedException {
    int from = expected;
    int to = from + wanted.size();
    await(
        () -> sink.taken().size() >= to,
        () -> {
          List<O> all = sink.taken();
          return "expected %s, but came only %s".formatted(wanted, all.subList(from, all.size()));
        });
    expected = to;
    return sink.taken().subList(from, to);
  }

  /**
   * Waits until the run has asked for this many elements in all, one more than it has taken. For
   * tests of back pressure: while the sink is paused, the number stops at the room of the stages.
   */
  public void awaitRequested(long elements) throws InterruptedException {
    await(
        () -> source.requested() >= elements,
        () -> "expected %d requests, but came %d".formatted(elements, source.requested()));
  }

  /** Waits until these are the first elements that have left a traced stage, in this order. */
  public void expectSeen(String stage, Object... elements) throws InterruptedException {
    List<Object> wanted = List.of(elements);
    await(
        () -> trace.of(stage).size() >= wanted.size(),
        () -> "expected %s after %s, but came %s".formatted(wanted, stage, trace.of(stage)));
    List<Object> came = trace.of(stage).subList(0, wanted.size());
    require(
        came.equals(wanted),
        () -> "expected %s after %s, but came %s".formatted(wanted, stage, came));
  }

  /**
   * Waits until these elements are settled, in any order; after {@link Setup#settling}.
   *
   * @return all settled elements, in the order in which they were settled
   */
  @SafeVarargs
  @SuppressWarnings("varargs")
  public final List<I> expectSettled(I... elements) throws InterruptedException {
    List<I> wanted = List.of(elements);
    await(
        () -> source.settled().containsAll(wanted),
        () -> "expected %s to be settled, but there are %s".formatted(wanted, source.settled()));
    return source.settled();
  }

  /**
   * Waits until the run has completed, and checks its books, and that no element came out that the
   * test did not expect.
   *
   * @return all elements that came out
   */
  @Override
  public List<O> expectCompletion() throws InterruptedException {
    List<O> all = super.expectCompletion();
    List<O> more = all.subList(Math.min(expected, all.size()), all.size());
    require(more.isEmpty(), () -> "expected no more elements, but came " + more);
    return all;
  }

  @Override
  String more() {
    String seen = trace.toString();
    return "\nresults: " + sink.taken() + (seen.isEmpty() ? "" : "\ntrace:\n" + seen);
  }
}
