package dev.millrace.testkit.soak;

import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import dev.millrace.testkit.soak.Attempt.Ending;

/**
 * The outcome of one run or of many.
 *
 * @param runs the number of runs
 * @param cutShort the runs that were cut short, by a cancel, a deadline, or a drain that took too
 *     long
 * @param drained the runs that were drained in time
 * @param elements the elements that sources emitted
 * @param steps the elements that stages received
 */
record Outcome(long runs, long cutShort, long drained, long elements, long steps) {

  static final Outcome EMPTY = new Outcome(0, 0, 0, 0, 0);

  static Outcome of(Ending ending, RunReport report) {
    return new Outcome(
        1,
        ending == Ending.CUT_SHORT ? 1 : 0,
        ending == Ending.DRAINED ? 1 : 0,
        report.stages().stream()
            .filter(stage -> stage.received() == 0)
            .mapToLong(StageReport::emitted)
            .sum(),
        report.stages().stream().mapToLong(StageReport::received).sum());
  }

  Outcome plus(Outcome other) {
    return new Outcome(
        runs + other.runs,
        cutShort + other.cutShort,
        drained + other.drained,
        elements + other.elements,
        steps + other.steps);
  }
}
