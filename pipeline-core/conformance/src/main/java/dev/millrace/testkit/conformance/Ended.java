package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A run after its end.
 *
 * @param outcome the result of {@code join}; null if it threw
 * @param thrown the exception of {@code join}; null if it returned
 * @param failures the failures that the handler got
 */
record Ended<R>(
    @Nullable R outcome, @Nullable Throwable thrown, List<Failure<?>> failures, RunReport report) {

  /** The result of a run that completed. */
  R result() {
    if (thrown != null) {
      throw new AssertionError("the run did not complete:\n" + report.explain(), thrown);
    }
    return Objects.requireNonNull(outcome);
  }

  /** The result of a run that left no element unprocessed or undelivered. */
  R wholeResult() {
    R result = result();
    for (StageReport stage : report.stages()) {
      assertThat(stage.unprocessed()).as("unprocessed: %s", stage).isZero();
      assertThat(stage.undelivered()).as("undelivered: %s", stage).isZero();
    }
    return result;
  }

  /** Checks that a failure has stopped the run; returns the cause. */
  Throwable failed() {
    assertThat(thrown)
        .as("thrown by join\n%s", report.explain())
        .isInstanceOf(ExecutionException.class);
    return Objects.requireNonNull(Objects.requireNonNull(thrown).getCause());
  }

  /** Checks that the run was cancelled; returns the cause. */
  Throwable cancelled() {
    assertThat(thrown)
        .as("thrown by join\n%s", report.explain())
        .isInstanceOf(CancellationException.class);
    return Objects.requireNonNull(Objects.requireNonNull(thrown).getCause());
  }

  /** Whether the exception of {@code join} contains the throwable, as a cause or suppressed. */
  boolean tells(Throwable sought) {
    return thrown != null && all(thrown).contains(sought);
  }

  /**
   * All messages of the exception of {@code join}, of its causes, and of their suppressed
   * exceptions.
   */
  String messages() {
    var text = new StringBuilder();
    for (Throwable each : thrown == null ? Set.<Throwable>of() : all(thrown)) {
      text.append(each).append('\n');
    }
    return text.toString();
  }

  private static Set<Throwable> all(Throwable first) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<Throwable> open = new ArrayDeque<>(List.of(first));
    while (!open.isEmpty()) {
      Throwable next = open.pop();
      if (seen.add(next)) {
        open.addAll(List.of(next.getSuppressed()));
        if (next.getCause() != null) {
          open.add(next.getCause());
        }
      }
    }
    return seen;
  }
}
