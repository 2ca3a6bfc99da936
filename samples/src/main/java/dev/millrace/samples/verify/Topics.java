package dev.millrace.samples.verify;

import java.util.List;

/**
 * The topics and the group of one run. Each run has topic names of its own, so that runs on a
 * shared broker do not mix.
 */
record Topics(String artifacts, String results, String deadLetters, String group) {

  static final int PARTITIONS = 6;

  static Topics of(String run) {
    return new Topics(
        "millrace-artifacts-" + run,
        "millrace-results-" + run,
        "millrace-dead-letters-" + run,
        "millrace-verifier-" + run);
  }

  List<String> all() {
    return List.of(artifacts, results, deadLetters);
  }
}
