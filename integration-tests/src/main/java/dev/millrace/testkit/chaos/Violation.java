package dev.millrace.testkit.chaos;

/**
 * An invariant that was broken.
 *
 * @param what who did what
 * @param timeline what happened to the partition and who else did something, one event per line
 */
record Violation(Invariant invariant, String what, String timeline) {

  @Override
  public String toString() {
    return "invariant %d is broken (%s): %s%n%s"
        .formatted(invariant.number, invariant.promise, what, timeline);
  }
}
