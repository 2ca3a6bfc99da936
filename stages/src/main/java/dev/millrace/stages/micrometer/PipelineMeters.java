package dev.millrace.stages.micrometer;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.StageConsumer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Meters of runs, and an observation for each run and stage. {@code docs/pipeline-meters.md} lists
 * the meters. Needs {@code io.micrometer:micrometer-core}, an optional dependency.
 *
 * <pre>{@code
 * var meters = PipelineMeters.of(registry).withObservations(observationRegistry);
 * Engine engine = meters.engine("orders", Engine.channels());
 * job.start(engine, context);
 * }</pre>
 *
 * <p>The meters read the counts of the {@linkplain Run#report() report} when they are read. So a
 * run costs nothing for each element, but a virtual thread that waits for its end. The counts of
 * ended runs of the same pipeline stay in the counters.
 *
 * <p>An observation of a run starts in the thread that starts the run, below its current
 * observation. It ends when no thread of the run is alive. It has an observation for each stage
 * below it, with the counts of the stage as key values.
 *
 * <p>Thread-safe. Keep the object as long as its meters are needed: a registry does not.
 */
public final class PipelineMeters {

  private final MeterRegistry registry;
  private final ObservationRegistry observations;
  private final Map<String, PipelineTotals> pipelines;

  private PipelineMeters(
      MeterRegistry registry,
      ObservationRegistry observations,
      Map<String, PipelineTotals> pipelines) {
    this.registry = registry;
    this.observations = observations;
    this.pipelines = pipelines;
  }

  /** Meters in this registry, without observations. */
  public static PipelineMeters of(MeterRegistry registry) {
    return new PipelineMeters(
        Objects.requireNonNull(registry, "registry"),
        ObservationRegistry.NOOP,
        new ConcurrentHashMap<>());
  }

  /** The same meters, and observations in this registry: for tracing. */
  public PipelineMeters withObservations(ObservationRegistry observations) {
    return new PipelineMeters(
        registry, Objects.requireNonNull(observations, "observations"), pipelines);
  }

  /**
   * An engine whose runs are measured.
   *
   * @param pipeline the name for the tag {@code pipeline}. Runs with the same name are added up, so
   *     they should be runs of the same pipeline
   */
  public Engine engine(String pipeline, Engine engine) {
    Objects.requireNonNull(engine, "engine");
    PipelineTotals totals =
        pipelines.computeIfAbsent(
            Objects.requireNonNull(pipeline, "pipeline"),
            name -> new PipelineTotals(registry, name));
    return new Engine() {
      @Override
      public String name() {
        return engine.name();
      }

      @Override
      public <R extends @Nullable Object> Run<R> start(
          Pipeline<R> job, Context context, StageConsumer<? super Failure<?>> onFailure) {
        var observed = new RunObservation(observations, pipeline, engine.name());
        Run<R> run;
        try {
          run = engine.start(job, context, onFailure);
        } catch (Throwable e) {
          observed.refused(e);
          throw e;
        }
        totals.started(run, observed);
        return run;
      }
    };
  }
}
