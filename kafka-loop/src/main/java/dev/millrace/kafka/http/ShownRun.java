package dev.millrace.kafka.http;

import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A pipeline whose latest run is shown. Immutable and thread-safe. */
record ShownRun(String name, Pipeline<?> pipeline, Supplier<? extends @Nullable Run<?>> latest) {

  ShownRun {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(pipeline, "pipeline");
    Objects.requireNonNull(latest, "latest");
  }

  /** The fields of the run for the JSON; a run that has not been started has no stages. */
  Map<String, @Nullable Object> fields() {
    Run<?> run = latest.get();
    RunReport report = run == null ? null : run.report();
    return StatusJson.fields(
        "name",
        name,
        "state",
        report == null ? "not started" : report.done() ? "ended" : "running",
        "elapsedMillis",
        report == null ? null : report.elapsed().toMillis(),
        "graph",
        pipeline.mermaid(),
        "stages",
        report == null ? null : report.stages().stream().map(ShownRun::stage).toList(),
        "explain",
        run == null ? null : run.explain().lines().toList());
  }

  private static Map<String, @Nullable Object> stage(StageReport stage) {
    return StatusJson.fields(
        "name",
        stage.name(),
        "received",
        stage.received(),
        "processed",
        stage.processed(),
        "failed",
        stage.failed(),
        "dropped",
        stage.dropped(),
        "inFlight",
        stage.inFlight(),
        "running",
        stage.running(),
        "emitted",
        stage.emitted(),
        "queued",
        stage.queued(),
        "waitingForInputMillis",
        stage.waitingForInput().toMillis(),
        "waitingForOutputMillis",
        stage.waitingForOutput().toMillis());
  }
}
