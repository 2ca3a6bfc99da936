package dev.millrace.testkit.soak;

/** The disturbance of a run before its end. */
enum Disturbance {
  NONE,
  /** By {@code Run.cancel}, in the middle of a call of a function. */
  CANCELLED,
  /** The context around that of the run, in the middle of a call of a function. */
  PARENT_CANCELLED,
  /** A deadline that passes at a random time, perhaps before the first element. */
  DEADLINE,
  /** With all the time that there is. */
  DRAINED,
  /** With so little time that it may pass. */
  DRAINED_IN_HASTE;

  /** Whether it happens in a call of a function, the how-manieth is drawn. */
  boolean isInCall() {
    return this != NONE && this != DEADLINE;
  }
}
