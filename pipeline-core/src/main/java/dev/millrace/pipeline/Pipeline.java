package dev.millrace.pipeline;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A complete blueprint, from the sources to a sink. Immutable and thread-safe. It can be started
 * any number of times, by any engine.
 *
 * @param <R> the type of the result
 */
public final class Pipeline<R extends @Nullable Object> {

  /** The last node, and the sink that takes its elements. */
  private record End<T, R extends @Nullable Object>(Node<T> node, Sink<? super T, R> sink) {}

  private final End<?, R> end;
  private final boolean settles;
  private final boolean isLifted;

  private Pipeline(End<?, R> end) {
    this.end = end;
    this.settles = Lift.settles(end.node);
    this.isLifted = settles || Tracking.isNeeded(end.node);
  }

  static <T, R extends @Nullable Object> Pipeline<R> of(Node<T> node, Sink<? super T, R> sink) {
    return new Pipeline<>(new End<>(node, Objects.requireNonNull(sink, "sink")));
  }

  /** The last node of the graph. For engines. */
  public Node<?> node() {
    return end.node;
  }

  /** The sink; it takes the elements of {@link #node()}. For engines. */
  @SuppressWarnings("unchecked") // of() has checked the types
  public Sink<Object, R> sink() {
    return (Sink<Object, R>) end.sink;
  }

  /**
   * Starts the pipeline and returns at once. The first failure that a stage reports stops the run;
   * {@link Run#join} then throws an {@link java.util.concurrent.ExecutionException} with its cause.
   */
  public Run<R> start(Engine engine, Context context) {
    return start(engine, context, FailureHandlers.stop());
  }

  /**
   * Starts the pipeline and returns at once; see {@link Engine#start}.
   *
   * @throws IllegalArgumentException if a stage cannot work with the sources above it
   */
  public Run<R> start(Engine engine, Context context, StageConsumer<? super Failure<?>> onFailure) {
    Objects.requireNonNull(context, "context");
    Objects.requireNonNull(onFailure, "onFailure");
    StartChecks.run(node());
    return isLifted
        ? LiftedRun.start(this, settles, engine, context, onFailure)
        : engine.start(this, context, onFailure);
  }

  /** The same pipeline, with elements in envelopes. */
  Pipeline<R> lifted(Lift lift) {
    return new Pipeline<>(new End<>(lift.lift(node()), lift.lift(sink())));
  }

  /** The graph in Mermaid's language. */
  public String mermaid() {
    return Mermaid.draw(node(), name -> name);
  }

  /** The graph in Mermaid's language, with the counts of each stage of a run. */
  public String mermaid(RunReport report) {
    return Mermaid.draw(node(), report::label);
  }

  @Override
  public String toString() {
    return mermaid();
  }
}
