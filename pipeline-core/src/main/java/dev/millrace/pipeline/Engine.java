package dev.millrace.pipeline;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import java.util.Objects;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * Runs pipelines. All engines keep the promises of {@link Run}; the conformance kit checks them.
 *
 * <p>Thread-safe.
 */
public interface Engine {

  /** The name of the engine, such as "channels". */
  String name();

  /**
   * Starts the pipeline and returns at once.
   *
   * @param context the parent of the run's context: if it is cancelled, the run is cancelled. Every
   *     function can read its values by {@link Context#current()}
   * @param onFailure gets the failures of all stages with {@link FailurePolicy#report()}, one after
   *     the other. If it throws, the run stops. A slow handler slows the run
   */
  <R extends @Nullable Object> Run<R> start(
      Pipeline<R> pipeline, Context context, StageConsumer<? super Failure<?>> onFailure);

  /** The engine over channels and virtual threads, of the module {@code dev.millrace.stages}. */
  static Engine channels() {
    return named("channels");
  }

  /** The engine over Project Reactor, of the module {@code dev.millrace.stages}. */
  static Engine reactor() {
    return named("reactor");
  }

  /**
   * The engine with this name, found by {@link ServiceLoader} with the context class loader. The
   * same engine is returned as long as it is referenced, so that it is searched for once.
   *
   * @throws IllegalStateException if there is no such engine; the message lists the engines on the
   *     path
   */
  static Engine named(String name) {
    return Engines.named(Objects.requireNonNull(name, "name"));
  }
}
