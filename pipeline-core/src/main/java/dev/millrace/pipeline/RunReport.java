package dev.millrace.pipeline;

import dev.millrace.errors.Descriptions;
import java.time.Duration;
import java.util.List;

/**
 * A snapshot of the counts of a run, during the run or after its end. Immutable and thread-safe.
 *
 * @param stages the reports of all stages: sources first, the sink last
 * @param elapsed the time since the start of the run; after the end, the duration of the run
 * @param done whether the run has ended
 */
public record RunReport(List<StageReport> stages, Duration elapsed, boolean done) {

  /** Copies the list. */
  public RunReport {
    stages = List.copyOf(stages);
  }

  /**
   * The report of the stage with this name.
   *
   * @throws IllegalArgumentException if there is no such stage; the message lists the stages
   */
  public StageReport stage(String name) {
    return stages.stream()
        .filter(stage -> stage.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "there is no stage '%s': the stages are %s"
                        .formatted(name, stages.stream().map(StageReport::name).toList())));
  }

  /** Whether the counts of all stages balance; see {@link StageReport}. */
  public boolean balances() {
    return stages.stream().allMatch(StageReport::balances);
  }

  /** A line for each stage: what the stage waits for, and since when. */
  public String explain() {
    var text = new StringBuilder();
    for (StageReport stage : stages) {
      text.append(
          "%s: %s; received %d, in flight %d%s, emitted %d, queued %d, failed %d%n"
              .formatted(
                  stage.name(),
                  done ? "ended" : what(stage),
                  stage.received(),
                  stage.inFlight(),
                  inside(stage),
                  stage.emitted(),
                  stage.queued(),
                  stage.failed()));
    }
    return text.toString();
  }

  private static String inside(StageReport stage) {
    return stage.waiting() == 0
        ? ""
        : " (%d running, %d waiting)".formatted(stage.running(), stage.waiting());
  }

  /** A table with a line for each stage. Times are in human units. */
  @Override
  public String toString() {
    return Table.of(this);
  }

  /** The name of a stage, and its counts, if there is a report of it. */
  String label(String name) {
    for (StageReport stage : stages) {
      if (stage.name().equals(name)) {
        return "%s\nin %d, out %d, queued %d, failed %d"
            .formatted(name, stage.received(), stage.emitted(), stage.queued(), stage.failed());
      }
    }
    return name;
  }

  private static String what(StageReport stage) {
    if (!stage.waitingForOutput().isZero()) {
      return "waits for the next stage to take an element, for "
          + Descriptions.ofDuration(stage.waitingForOutput());
    }
    if (stage.running() > 0) {
      return "runs its function";
    }
    if (!stage.waitingForInput().isZero()) {
      return "waits for an element, for " + Descriptions.ofDuration(stage.waitingForInput());
    }
    return "runs";
  }
}
