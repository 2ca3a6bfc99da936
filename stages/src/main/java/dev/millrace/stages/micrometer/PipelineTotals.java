package dev.millrace.stages.micrometer;

import dev.millrace.channel.internal.Uninterruptibly;
import dev.millrace.pipeline.Awaited;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The counts of all runs of a pipeline, both ended and running. Thread-safe. */
final class PipelineTotals {

  private static final double NANOS = 1e9;

  private final MeterRegistry registry;
  private final String pipeline;
  private final List<Run<?>> active = new ArrayList<>(); // guarded by this

  /** The last reports of each stage, one for each run that has ended, added up. Guarded by this. */
  private final Map<String, Map<Count, Double>> ended = new HashMap<>();

  PipelineTotals(MeterRegistry registry, String pipeline) {
    this.registry = registry;
    this.pipeline = pipeline;
    Gauge.builder("millrace.pipeline.active", this, PipelineTotals::countActive)
        .description("runs that have not ended")
        .baseUnit("runs")
        .tags("pipeline", pipeline)
        .register(registry);
  }

  private synchronized int countActive() {
    return active.size();
  }

  /** The counts that go on over several runs. */
  private enum Count {
    PROCESSED("elements", "processed", "elements that the stage has processed", "elements"),
    FAILED("elements", "failed", "elements that became a failure", "elements"),
    DROPPED("elements", "dropped", "elements that were dropped on purpose", "elements"),
    EMITTED("emitted", null, "elements that the next stage has taken", "elements"),
    INPUT("waited", "input", "time in which the stage waited for an element", "seconds"),
    OUTPUT("waited", "output", "time in which the stage waited for room", "seconds");

    final String meter;
    final @Nullable String tag;
    final String description;
    final String unit;

    Count(String meter, @Nullable String tag, String description, String unit) {
      this.meter = meter;
      this.tag = tag;
      this.description = description;
      this.unit = unit;
    }

    double of(StageReport stage) {
      return switch (this) {
        case PROCESSED -> stage.processed();
        case FAILED -> stage.failed();
        case DROPPED -> stage.dropped();
        case EMITTED -> stage.emitted();
        case INPUT -> seconds(stage.waitedForInput());
        case OUTPUT -> seconds(stage.waitedForOutput());
      };
    }

    private static double seconds(Duration duration) {
      return duration.toNanos() / NANOS;
    }

    Tags tags(Tags stage) {
      return tag == null ? stage : stage.and(meter.equals("waited") ? "for" : "outcome", tag);
    }
  }

  void started(Run<?> run, RunObservation observed) {
    RunReport report = run.report();
    observed.stages(report);
    synchronized (this) {
      active.add(run);
      for (StageReport stage : report.stages()) {
        if (ended.putIfAbsent(stage.name(), new EnumMap<>(Count.class)) == null) {
          register(stage.name());
        }
      }
    }
    if (run instanceof Awaited awaited) {
      Thread.ofVirtual().name("millrace-observer").start(() -> keep(run, awaited, observed));
    }
  }

  private void register(String stage) {
    Tags tags = Tags.of("pipeline", pipeline, "stage", stage);
    for (Count count : Count.values()) {
      FunctionCounter.builder(
              "millrace.pipeline." + count.meter, this, totals -> totals.total(stage, count))
          .description(count.description)
          .baseUnit(count.unit)
          .tags(count.tags(tags))
          .register(registry);
    }
    gauge("in.flight", "elements that are in the stage", stage, tags, StageReport::inFlight);
    gauge("queued", "elements that wait for the next stage", stage, tags, StageReport::queued);
  }

  private void gauge(
      String name,
      String description,
      String stage,
      Tags tags,
      ToDoubleFunction<StageReport> function) {
    Gauge.builder("millrace.pipeline." + name, this, totals -> totals.now(stage, function))
        .description(description)
        .baseUnit("elements")
        .tags(tags)
        .register(registry);
  }

  private synchronized double total(String stage, Count count) {
    double before = ended.getOrDefault(stage, Map.of()).getOrDefault(count, 0d);
    return before + now(stage, count::of);
  }

  private synchronized double now(String stage, ToDoubleFunction<StageReport> function) {
    double sum = 0;
    for (Run<?> run : active) {
      for (StageReport each : run.report().stages()) {
        sum += each.name().equals(stage) ? function.applyAsDouble(each) : 0;
      }
    }
    return sum;
  }

  private void keep(Run<?> run, Awaited awaited, RunObservation observed) {
    Uninterruptibly.await(awaited::awaitEnd);
    RunReport report = run.report();
    Throwable failure = awaited.failure();
    String outcome = outcome(failure);
    ended(run, report);
    Timer.builder("millrace.pipeline.runs")
        .description("duration of the runs that have ended")
        .tags("pipeline", pipeline, "outcome", outcome)
        .register(registry)
        .record(report.elapsed());
    observed.ended(report, outcome, failure);
  }

  private static String outcome(@Nullable Throwable failure) {
    return failure == null
        ? "completed"
        : failure instanceof CancellationException ? "cancelled" : "failed";
  }

  private synchronized void ended(Run<?> run, RunReport report) {
    active.remove(run);
    for (StageReport stage : report.stages()) {
      Map<Count, Double> sums =
          ended.computeIfAbsent(stage.name(), name -> new EnumMap<>(Count.class));
      for (Count count : Count.values()) {
        sums.merge(count, count.of(stage), Double::sum);
      }
    }
  }
}
