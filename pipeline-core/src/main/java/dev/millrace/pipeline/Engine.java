package dev.millrace.pipeline;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
   * @throws IllegalStateException if there is none; the message lists the engines on the path
   */
  static Engine named(String name) {
    Objects.requireNonNull(name, "name");
    List<String> found = new ArrayList<>();
    for (ServiceLoader.Provider<Engine> provider :
        ServiceLoader.load(Engine.class).stream().toList()) {
      Engine engine = provider.get();
      if (engine.name().equals(name)) {
        return engine;
      }
      found.add(engine.name());
    }
    throw new IllegalStateException(
        found.isEmpty()
            ? "there is no engine '%s', nor any other: put millrace-stages on the path"
                .formatted(name)
            : "there is no engine '%s': the engines on the path are %s".formatted(name, found));
  }
}
