package dev.millrace.stages.reactor;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.stages.internal.reactor.ReactorRun;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Runs pipelines over Project Reactor: plans them with its operators. User functions are called in
 * virtual threads of the run, never in Reactor's threads. So they may block, and are interrupted
 * when the run is cancelled.
 *
 * <p>Sequential stages that follow each other run in one call, in the thread of the stage before
 * them. At most 128 elements are prefetched for each branch and each merged input; 16 for all
 * branches of a balance together; 1 elsewhere. A parallel stage has at most twice its parallelism
 * of elements inside, or 64 if that is more.
 *
 * <p>A function that ignores interrupts cannot be ended. Default grace: 5 seconds after the
 * cancellation. Then {@link Run#join} throws; suppressed exceptions name the stages that are still
 * at work, and where. The thread ends when the function does.
 *
 * <p>Thread-safe; nothing blocks. Needs the library {@code io.projectreactor:reactor-core}, on
 * which this module depends only optionally: without it {@link #start} throws {@link
 * IllegalStateException}.
 */
public final class ReactorEngine implements Engine {

  // Nothing of Reactor may be named here: the service loader makes an instance of every engine.

  private final Duration grace;

  /** The engine as {@link Engine#reactor()} finds it. */
  public ReactorEngine() {
    this(Duration.ofSeconds(5));
  }

  private ReactorEngine(Duration grace) {
    this.grace = grace;
  }

  /**
   * An engine whose cancelled runs wait for the grace for functions that ignore interrupts.
   *
   * @throws IllegalArgumentException if {@code grace} is negative, or longer than a hundred years
   */
  public static ReactorEngine withGrace(Duration grace) {
    if (grace.isNegative() || grace.compareTo(Duration.ofDays(36500)) > 0) {
      throw new IllegalArgumentException(
          "the grace must not be negative, nor longer than a hundred years, but is " + grace);
    }
    return new ReactorEngine(grace);
  }

  @Override
  public String name() {
    return "reactor";
  }

  @Override
  public <R extends @Nullable Object> Run<R> start(
      Pipeline<R> pipeline, Context context, StageConsumer<? super Failure<?>> onFailure) {
    Objects.requireNonNull(pipeline, "pipeline");
    Objects.requireNonNull(context, "context");
    Objects.requireNonNull(onFailure, "onFailure");
    try {
      return ReactorRun.start(pipeline, context, onFailure, grace, run -> {});
    } catch (NoClassDefFoundError e) {
      if (isReactorPresent()) {
        throw e;
      }
      throw new IllegalStateException(
          "the engine 'reactor' needs the library io.projectreactor:reactor-core: add it to the"
              + " class path or the module path, or use Engine.channels()",
          e);
    }
  }

  private static boolean isReactorPresent() {
    try {
      Class.forName("reactor.core.publisher.Flux", false, ReactorEngine.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }
}
