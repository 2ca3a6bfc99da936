package dev.millrace.pipeline;

import java.util.List;

/**
 * No source of a {@link Sources#race} has given an element, and at least one has failed. The cause
 * is the first failure; the later ones are suppressed exceptions. Thread-safe.
 */
public final class RaceFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  RaceFailedException(List<? extends Throwable> failures) {
    super(
        "no source of the race has given an element: the first failure was " + failures.getFirst(),
        failures.getFirst());
    failures.stream().skip(1).forEach(this::addSuppressed);
  }
}
