package dev.millrace.stages.internal.run;

import dev.millrace.errors.Descriptions;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The text of {@link dev.millrace.pipeline.Run#explain}: a line for each stage, and a line for the
 * bottleneck. The same event has the same text on all engines.
 *
 * <p>Several conditions may hold for a stage. The first one of these decides the text:
 *
 * <ol>
 *   <li>A failure handler is at work.
 *   <li>A thread of the stage has noted that it waits for room.
 *   <li>The function or the source of the stage is in a call.
 *   <li>The counts say that the stage waits for the next stage, or for an element.
 * </ol>
 */
final class Explanation {

  private final RunReport counted;
  private final RunReport inferred;
  private final Map<String, List<Activity>> activities;
  private final Standstill standstill;
  private final Topology topology;

  /**
   * For one text.
   *
   * @param counted the report with the waits that threads have noted
   * @param inferred the same report, with the waits that follow from the counts as well
   */
  private Explanation(
      RunReport counted, RunReport inferred, List<Activity> activities, Standstill standstill) {
    this.counted = counted;
    this.inferred = inferred;
    this.activities = activities.stream().collect(Collectors.groupingBy(Activity::stage));
    this.standstill = standstill;
    this.topology = standstill.topology();
  }

  static String of(RunReport report, List<Activity> activities, Standstill standstill) {
    standstill.look(activities);
    RunReport inferred = standstill.look(report);
    return new Explanation(report, inferred, activities, standstill).text();
  }

  private String text() {
    var text = new StringBuilder();
    for (StageReport stage : inferred.stages()) {
      text.append(
          "%s: %s; received %d, in flight %d%s, emitted %d, queued %d, failed %d%n"
              .formatted(
                  stage.name(),
                  what(counted.stage(stage.name()), stage),
                  stage.received(),
                  stage.inFlight(),
                  inside(stage),
                  stage.emitted(),
                  stage.queued(),
                  stage.failed()));
    }
    String bottleneck = counted.done() ? null : Bottleneck.find(counted, topology);
    if (bottleneck != null) {
      text.append(bottleneck).append(System.lineSeparator());
    }
    return text.toString();
  }

  private static String inside(StageReport stage) {
    return stage.waiting() == 0
        ? ""
        : " (%d running, %d waiting)".formatted(stage.running(), stage.waiting());
  }

  private String what(StageReport stage, StageReport guess) {
    if (counted.done()) {
      String call = calls(stage.name());
      return call == null ? "ended" : "ended, but " + call;
    }
    List<String> parts = new ArrayList<>();
    add(parts, handlers(stage.name(), Activity.Kind.HANDLER));
    add(parts, handlers(stage.name(), Activity.Kind.TURN));
    if (!stage.waitingForOutput().isZero()) {
      parts.add(waitsFor(stage.name(), stage.waitingForOutput()));
    } else {
      add(parts, calls(stage.name()));
    }
    if (!parts.isEmpty()) {
      return String.join(", and ", parts);
    }
    if (!guess.waitingForOutput().isZero()) {
      return waitsFor(stage.name(), guess.waitingForOutput());
    }
    if (stage.running() > 0) {
      return "runs its function";
    }
    if (!guess.waitingForInput().isZero()) {
      return "waits for an element, for " + Descriptions.ofDuration(guess.waitingForInput());
    }
    return "runs";
  }

  private static void add(List<String> parts, @Nullable String part) {
    if (part != null) {
      parts.add(part);
    }
  }

  private String waitsFor(String stage, Duration time) {
    List<String> takers = topology.isFanOut(stage) ? List.of() : topology.takers(stage);
    String taker = takers.size() == 1 ? "'" + takers.getFirst() + "'" : "the next stage";
    return "waits for %s to take an element, for %s"
        .formatted(taker, Descriptions.ofDuration(time));
  }

  private @Nullable String handlers(String stage, Activity.Kind kind) {
    List<Activity> those = of(stage, kind);
    if (those.isEmpty()) {
      return null;
    }
    String time = Descriptions.ofDuration(longest(those));
    if (kind == Activity.Kind.TURN) {
      return those.size() == 1
          ? "a failure waits for its handler, for " + time
          : "%d failures wait for their handler, for up to %s".formatted(those.size(), time);
    }
    return "its failure handler runs, for %s%s".formatted(time, lines(those));
  }

  private @Nullable String calls(String stage) {
    List<Activity> functions = of(stage, Activity.Kind.FUNCTION);
    if (functions.size() > 1 || topology.isParallel(stage)) {
      return functions.isEmpty()
          ? null
          : "runs %d %s%s%s"
              .formatted(
                  functions.size(),
                  functions.size() == 1 ? "function" : "functions",
                  atLeast(functions),
                  lines(functions));
    }
    List<Activity> sources = of(stage, Activity.Kind.SOURCE);
    List<Activity> one = functions.isEmpty() ? sources : functions;
    if (one.isEmpty()) {
      return null;
    }
    String waitsFor = one.getFirst().waitsFor();
    if (waitsFor != null) {
      return "waits for %s%s".formatted(waitsFor, atLeast(one));
    }
    return (functions.isEmpty() ? "waits for its source" : "runs its function")
        + atLeast(one)
        + lines(one);
  }

  private List<Activity> of(String stage, Activity.Kind kind) {
    return activities.getOrDefault(stage, List.of()).stream()
        .filter(each -> each.kind() == kind)
        .toList();
  }

  private Duration longest(List<Activity> calls) {
    return calls.stream()
        .map(standstill::lasted)
        .max(Comparator.naturalOrder())
        .orElse(Duration.ZERO);
  }

  private String atLeast(List<Activity> calls) {
    Duration longest = longest(calls);
    if (longest.toMillis() == 0) {
      return "";
    }
    return (calls.size() == 1 ? ", for at least " : ", the longest for at least ")
        + Descriptions.ofDuration(longest);
  }

  /** The lines of code of the calls, the most frequent line first. */
  private static String lines(List<Activity> calls) {
    Map<StackTraceElement, Integer> lines = new LinkedHashMap<>();
    calls.stream()
        .map(call -> Stacks.line(call.thread()))
        .filter(Objects::nonNull)
        .forEach(line -> lines.merge(line, 1, Integer::sum));
    if (lines.isEmpty()) {
      return "";
    }
    if (lines.size() == 1) {
      return ", at " + lines.keySet().iterator().next();
    }
    return lines.entrySet().stream()
        .sorted(Map.Entry.<StackTraceElement, Integer>comparingByValue().reversed())
        .map(line -> "%d at %s".formatted(line.getValue(), line.getKey()))
        .collect(Collectors.joining(", ", ": ", ""));
  }
}
