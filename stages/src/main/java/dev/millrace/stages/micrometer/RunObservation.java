package dev.millrace.stages.micrometer;

import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The observations of a run and of its stages. Used by the thread that starts it, then by another.
 */
final class RunObservation {

  private final ObservationRegistry registry;
  private final String pipeline;
  private final Observation run;
  private final Map<String, Observation> stages = new LinkedHashMap<>();

  RunObservation(ObservationRegistry registry, String pipeline, String engine) {
    this.registry = registry;
    this.pipeline = pipeline;
    this.run =
        Observation.createNotStarted("millrace.pipeline.run", registry)
            .contextualName("run " + pipeline)
            .lowCardinalityKeyValue("pipeline", pipeline)
            .lowCardinalityKeyValue("engine", engine)
            .start();
  }

  void stages(RunReport report) {
    if (run.isNoop()) {
      return;
    }
    for (StageReport stage : report.stages()) {
      stages.put(
          stage.name(),
          Observation.createNotStarted("millrace.pipeline.stage", registry)
              .contextualName("stage " + stage.name())
              .lowCardinalityKeyValue("pipeline", pipeline)
              .lowCardinalityKeyValue("stage", stage.name())
              .parentObservation(run)
              .start());
    }
  }

  void ended(RunReport report, String outcome, @Nullable Throwable failure) {
    stages.forEach(
        (name, observation) -> {
          StageReport stage = report.stage(name);
          observation
              .highCardinalityKeyValue("processed", "" + stage.processed())
              .highCardinalityKeyValue("failed", "" + stage.failed())
              .highCardinalityKeyValue("dropped", "" + stage.dropped())
              .stop();
        });
    run.lowCardinalityKeyValue("outcome", outcome);
    if (failure != null) {
      run.error(failure);
    }
    run.stop();
  }

  /** The engine has not started the run. */
  void refused(Throwable failure) {
    run.lowCardinalityKeyValue("outcome", "failed").error(failure).stop();
  }
}
