package dev.millrace.stages.internal.run;

import dev.millrace.errors.Descriptions;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Finds the stage that holds up a run, or the buffer that is too small, from the waiting times of a
 * report.
 *
 * <p>Of the stages that have waited for room most of the time, the last one stands before the
 * bottleneck: the stages behind the bottleneck wait for elements. A stage may wait for room for a
 * part of the time, while the stage behind it waits for elements for another part. Then the two
 * stages are fast at different times. A larger buffer lets each of them work in the other's slow
 * time. It wins the smaller of the two parts at most.
 */
final class Bottleneck {

  /** A boundary that was full for this part of the time is full "most of the time". */
  private static final double MOST = 0.5;

  /** Waits that take a smaller part of the time are not worth a word. */
  private static final double SOME = 0.1;

  /** A younger run has not shown yet what it does most of the time. */
  private static final Duration YOUNG = Duration.ofMillis(100);

  private final RunReport report;
  private final Topology topology;

  private Bottleneck(RunReport report, Topology topology) {
    this.report = report;
    this.topology = topology;
  }

  /** One sentence or two; null if no boundary is full for long. */
  static @Nullable String find(RunReport report, Topology topology) {
    return report.elapsed().compareTo(YOUNG) < 0 ? null : new Bottleneck(report, topology).find();
  }

  private @Nullable String find() {
    String text = null;
    double most = SOME;
    for (StageReport stage : report.stages()) { // the sink last
      List<String> behind = topology.groupBehind(stage.name());
      if (behind.isEmpty()) {
        continue;
      }
      double full = part(waitedForRoom(stage));
      double empty = part(waitedForElements(behind.getFirst()));
      if (full >= MOST) {
        text = bottleneck(stage, behind, empty);
        most = MOST;
      } else if (Math.min(full, empty) > most) {
        text = tooSmall(stage, behind, full, empty);
        most = Math.min(full, empty);
      }
    }
    return text;
  }

  private String bottleneck(StageReport stage, List<String> behind, double empty) {
    String names = names(behind);
    String advice =
        empty < SOME
            ? "A larger buffer before it would not help: make it faster, or "
                + (topology.isParallel(behind.getFirst())
                    ? "raise its parallelism."
                    : "run it in parallel.")
            : ("It has waited for elements for %d %% of the time itself: a larger buffer before it"
                    + " wins that much at most.")
                .formatted(percent(empty));
    return "bottleneck: %s. '%s' has waited for room for %s of %s (%d %%). %s"
        .formatted(
            names,
            stage.name(),
            Descriptions.ofDuration(waitedForRoom(stage)),
            Descriptions.ofDuration(report.elapsed()),
            percent(part(waitedForRoom(stage))),
            advice);
  }

  private String tooSmall(StageReport stage, List<String> behind, double full, double empty) {
    return ("buffer: '%s' has waited for room for %d %% of the time, and %s for elements for %d %%."
            + " A larger buffer between them wins %d %% at most.")
        .formatted(
            stage.name(),
            percent(full),
            names(behind),
            percent(empty),
            percent(Math.min(full, empty)));
  }

  private static String names(List<String> group) {
    String names = group.stream().collect(Collectors.joining("', '", "'", "'"));
    return group.size() == 1 ? names : names + " (in one thread)";
  }

  private static Duration waitedForRoom(StageReport stage) {
    return stage.waitedForOutput().plus(stage.waitingForOutput());
  }

  private Duration waitedForElements(String name) {
    StageReport stage = report.stage(name);
    return stage.waitedForInput().plus(stage.waitingForInput());
  }

  /** The part of the run's time; several threads of a stage may have waited at once. */
  private double part(Duration time) {
    return Math.min(1, (double) time.toNanos() / report.elapsed().toNanos());
  }

  private static long percent(double part) {
    return Math.round(100 * part);
  }
}
