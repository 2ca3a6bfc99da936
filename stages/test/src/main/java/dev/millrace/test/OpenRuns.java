package dev.millrace.test;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The runs of probes that no test has closed yet. Thread-safe. */
final class OpenRuns {

  private static final Set<ProbedRun<?>> RUNS = Collections.synchronizedSet(new LinkedHashSet<>());

  private OpenRuns() {}

  static void add(ProbedRun<?> run) {
    RUNS.add(run);
  }

  static void remove(ProbedRun<?> run) {
    RUNS.remove(run);
  }

  /** Takes all open runs out. */
  static List<ProbedRun<?>> take() {
    synchronized (RUNS) {
      List<ProbedRun<?>> open = List.copyOf(RUNS);
      RUNS.clear();
      return open;
    }
  }
}
