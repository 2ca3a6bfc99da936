package dev.millrace.stages.internal.run;

import dev.millrace.clock.internal.Time;
import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds since when a stage stands still, and whether it waits for input or for output; and since
 * when a call of the user's code has not returned. So no thread reads the clock for an element.
 *
 * <p>This class looks at the counts now and then, and remembers when they last changed. So the true
 * time is at least the reported time. A stage that stands still waits for the next stage if
 * elements are on their way there, or if the next stage is at work in the same call. Otherwise, a
 * stage without elements waits for an element.
 *
 * <p>Thread-safe.
 */
public final class Standstill {

  private record Seen(long progress, long since) {}

  private final Node<?> last;
  private final long start = Time.nanoTime();

  private @Nullable Topology topology; // guarded by this, as all below
  private final Map<String, Seen> stages = new HashMap<>();
  private IdentityHashMap<Object, Seen> calls = new IdentityHashMap<>();

  /** Of a run that starts now. */
  Standstill(Node<?> last) {
    this.last = last;
  }

  /** The graph of the run. Made when a caller asks for the first time. */
  synchronized Topology topology() {
    Topology made = topology;
    if (made == null) {
      made = new Topology(last);
      topology = made;
    }
    return made;
  }

  /** The report, with the waiting times of stages that stand still. */
  public synchronized RunReport look(RunReport report) {
    if (report.done()) {
      return report;
    }
    long now = Time.nanoTime();
    Map<String, StageReport> known = new HashMap<>();
    List<StageReport> all = new ArrayList<>(report.stages().reversed()); // the sink first
    all.replaceAll(
        stage -> {
          StageReport told = look(stage, now, known);
          known.put(stage.name(), told);
          return told;
        });
    return new RunReport(all.reversed(), report.elapsed(), false);
  }

  /** Remembers the calls that go on, and forgets the returned ones. */
  synchronized void look(Collection<Activity> activities) {
    long now = Time.nanoTime();
    IdentityHashMap<Object, Seen> present = new IdentityHashMap<>();
    for (Activity each : activities) {
      Seen old = calls.get(each.key());
      boolean same = old != null && old.progress == each.progress();
      present.put(each.key(), same ? old : new Seen(each.progress(), first(each.progress(), now)));
    }
    calls = present;
  }

  /** The time that the call has lasted at least. */
  synchronized Duration lasted(Activity activity) {
    long since = activity.since();
    if (since == 0) {
      Seen call = calls.get(activity.key());
      if (call == null) {
        return Duration.ZERO;
      }
      since = call.since;
    }
    return Duration.ofNanos(Math.max(0, Time.nanoTime() - since));
  }

  /** A stage that has made no progress yet stands still since the start of the run. */
  private long first(long progress, long now) {
    return progress == 0 ? start : now;
  }

  private StageReport look(StageReport stage, long now, Map<String, StageReport> after) {
    long counts =
        stage.received()
            + stage.processed()
            + stage.failed()
            + stage.dropped()
            + stage.produced()
            + stage.emitted();
    Seen seen =
        stages.compute(
            stage.name(),
            (name, old) ->
                old == null || old.progress != counts ? new Seen(counts, first(counts, now)) : old);
    var still = Duration.ofNanos(now - seen.since);
    if (!stage.waitingForInput().isZero() || !stage.waitingForOutput().isZero()) {
      return stage;
    }
    if (stage.queued() > 0 || isHeldUp(stage, after)) {
      return waiting(stage, Duration.ZERO, still);
    }
    return stage.inFlight() > 0 ? stage : waiting(stage, still, Duration.ZERO);
  }

  private boolean isHeldUp(StageReport stage, Map<String, StageReport> after) {
    return topology().directTakers(stage.name()).stream()
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
