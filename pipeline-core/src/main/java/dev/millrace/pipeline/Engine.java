package dev.millrace.pipeline;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * Runs pipelines. All engines keep the same promises, those of {@link Run}; the conformance kit
 * checks them.
 *
 * <p>Safe for use by many threads.
 */
public interface Engine {

  /** What it is called. */
  String name();

  /**
   * Starts the pipeline; returns at once.
   *
   * @param context cancels the run when it is cancelled; its values can be read in every function
   *     by {@link Context#current()}
   * @param onFailure gets the failures of all stages that report theirs, one after the other; if it
   *     throws, the run stops. A slow one slows the run
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
   * The engine of that name, found as a service.
   *
   * @throws IllegalStateException if there is none
   */
  static Engine named(String name) {
    for (ServiceLoader.Provider<Engine> provider :
        ServiceLoader.load(Engine.class).stream().toList()) {
      Engine engine = provider.get();
      if (engine.name().equals(name)) {
        return engine;
      }
    }
    throw new IllegalStateException(
        "no engine '"
            + name
            + "': put the module that has it, such as millrace-stages, on the path");
  }
}
