package dev.millrace.testkit.chaos;

/**
 * An invariant that was broken.
 *
 * @param what the worker and the offending action
 * @param timeline the history of the partition and the events of other workers, one event a line
 */
public record Violation(Invariant invariant, String what, String timeline) {

  @Override
  public String toString() {
    return "invariant %d is broken (%s): %s%n%s"
        .formatted(invariant.number, invariant.promise, what, timeline);
  }
}
