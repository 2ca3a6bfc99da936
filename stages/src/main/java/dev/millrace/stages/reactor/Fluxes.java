package dev.millrace.stages.reactor;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.stages.internal.reactor.PipeFlux;
import dev.millrace.stages.internal.reactor.PublisherCursor;
import java.util.Objects;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.util.context.ContextView;

/**
 * Pipes as fluxes, and publishers as sources of pipes.
 *
 * <p>Context goes both ways. A run that a subscriber of {@link #asFlux} starts carries the
 * subscriber's Reactor context: {@link #REACTOR_CONTEXT} finds it in every function. If it has a
 * {@link Context} under the key {@code Context.class}, that one is the parent of the run's context.
 * A publisher that a run subscribes to by {@link #from} finds the same in its Reactor context: the
 * entries that the run has carried in, and the run's {@link Context} under {@code Context.class}.
 *
 * <p>Thread-safe. Nothing blocks.
 */
public final class Fluxes {

  /** The key under which a run finds the Reactor context of its subscriber. */
  public static final Context.Key<ContextView> REACTOR_CONTEXT = PipeFlux.REACTOR_CONTEXT;

  private Fluxes() {}

  /**
   * The elements of the pipe, as a flux. Each subscription starts a run, whose first failure ends
   * the flux with its cause; see {@link #asFlux(Pipe, StageConsumer)}.
   */
  public static <T> Flux<T> asFlux(Pipe<T> pipe) {
    return asFlux(
        pipe,
        failure -> {
          throw failure.toException();
        });
  }

  /**
   * The elements of the pipe, as a flux. Each subscription starts a run over Reactor, which gives
   * all signals in virtual threads of its own, and goes no faster than elements are requested. To
   * cancel the subscription cancels the run.
   *
   * <p>The flux ends when no thread of the stages is alive any more. If a failure has stopped the
   * run, the error is that exception itself, to which nothing is added. If the run's context was
   * cancelled, the error is a {@link java.util.concurrent.CancellationException}. Failures that
   * came later go to Reactor's hook {@code onErrorDropped}.
   *
   * <p>To cancel from inside, in a function of the pipe or in {@code onNext}, returns at once.
   *
   * @param onFailure as that of {@link dev.millrace.pipeline.Engine#start}
   */
  public static <T> Flux<T> asFlux(Pipe<T> pipe, StageConsumer<? super Failure<?>> onFailure) {
    return new PipeFlux<>(
        Objects.requireNonNull(pipe, "pipe"), Objects.requireNonNull(onFailure, "onFailure"));
  }

  /**
   * The elements of a publisher, which each run subscribes to; for any engine. At most 16 of them
   * wait for the run. An error of the publisher stops the run; its threads are never blocked.
   */
  public static <T> Source<T> from(Publisher<? extends T> publisher) {
    Objects.requireNonNull(publisher, "publisher");
    return Source.independent(context -> PublisherCursor.subscribe(publisher, context));
  }
}
