package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import dev.millrace.pipeline.graph.Node;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds since when a stage stands still, and whether it waits for input or for output. It serves
 * stages that run in one call: there, a thread would have to read the clock for each element.
 *
 * <p>It looks at the counts now and then, and remembers when it has seen them change; so a stage
 * has waited for at least the reported time. A stage that stands still waits for the next stage if
 * elements are on their way there, or if the next stage is at work in the same call. Otherwise, a
 * stage without elements waits for an element.
 *
 * <p>Safe for use by many threads.
 */
final class Standstill {

  private record Seen(long counts, long since) {}

  /** By the name of a stage, the stages that take its elements in its own call. */
  private final Map<String, List<String>> next = new HashMap<>();

  private final Map<String, Seen> seen = new HashMap<>();

  private record Step(Node<?> node, List<String> after) {}

  Standstill(Node<?> last) {
    Deque<Step> open = new ArrayDeque<>(List.of(new Step(last, List.of(SinkSubscriber.NAME))));
    for (Step step; (step = open.poll()) != null; ) {
      Node<?> node = step.node;
      List<String> after = step.after;
      next.computeIfAbsent(node.name(), name -> new ArrayList<>()).addAll(after);
      if (node instanceof Node.FanOut<?, ?> out) {
        out.branches().stream()
            .distinct()
            .forEach(branch -> open.push(new Step(branch.output(), after)));
      }
      List<String> direct = isDirect(node) ? List.of(node.name()) : List.of();
      node.inputs().forEach(input -> open.push(new Step(input, direct)));
    }
  }

  /** Whether it takes its elements neither from a queue nor in threads of its own. */
  private static boolean isDirect(Node<?> node) {
    return !(node instanceof Node.Parallel<?, ?>
        || node instanceof Node.Timed<?, ?>
        || node instanceof Node.Buffer<?>);
  }

  /** The report, with the waiting times of stages that stand still. */
  synchronized RunReport look(RunReport report) {
    if (report.done()) {
      return report;
    }
    long now = System.nanoTime();
    Map<String, StageReport> known = new HashMap<>();
    List<StageReport> stages = new ArrayList<>(report.stages().reversed()); // the sink first
    stages.replaceAll(
        stage -> {
          StageReport told = look(stage, now, known);
          known.put(stage.name(), told);
          return told;
        });
    return new RunReport(stages.reversed(), report.elapsed(), false);
  }

  private StageReport look(StageReport stage, long now, Map<String, StageReport> after) {
    long counts =
        stage.received()
            + stage.processed()
            + stage.failed()
            + stage.dropped()
            + stage.produced()
            + stage.emitted();
    Seen last =
        seen.compute(
            stage.name(),
            (name, old) -> old == null || old.counts != counts ? new Seen(counts, now) : old);
    var still = Duration.ofNanos(now - last.since);
    if (!stage.waitingForInput().isZero() || !stage.waitingForOutput().isZero()) {
      return stage;
    }
    if (stage.queued() > 0 || isHeldUp(stage, after)) {
      return waiting(stage, Duration.ZERO, still);
    }
    return stage.inFlight() > 0 ? stage : waiting(stage, still, Duration.ZERO);
  }

  private boolean isHeldUp(StageReport stage, Map<String, StageReport> after) {
    return next.getOrDefault(stage.name(), List.of()).stream()
        .map(after::get)
        .anyMatch(each -> each != null && isAtWork(each));
  }

  private static boolean isAtWork(StageReport stage) {
    return stage.inFlight() > 0 || !stage.waitingForOutput().isZero();
  }

  private static StageReport waiting(StageReport stage, Duration forInput, Duration forOutput) {
    return new StageReport(
        stage.name(),
        stage.received(),
        stage.processed(),
        stage.failed(),
        stage.dropped(),
        stage.unprocessed(),
        stage.inFlight(),
        stage.running(),
        stage.produced(),
        stage.emitted(),
        stage.undelivered(),
        stage.queued(),
        stage.waitedForInput(),
        stage.waitedForOutput(),
        forInput,
        forOutput);
  }
}
