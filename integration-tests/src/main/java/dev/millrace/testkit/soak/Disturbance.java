package dev.millrace.testkit.soak;

/** The disturbance of a run before its end. */
enum Disturbance {
  NONE,
  /** {@code Run.cancel}, during a call of a function. */
  CANCELLED,
  /** The parent of the run's context is cancelled, during a call of a function. */
  PARENT_CANCELLED,
  /** A deadline that passes at a random time, perhaps before the first element. */
  DEADLINE,
  /** A drain with enough time. */
  DRAINED,
  /** A drain whose time may pass before its end. */
  DRAINED_IN_HASTE;

  /** Whether it happens in a call of a function. The number of that call is drawn. */
  boolean isInCall() {
    return this != NONE && this != DEADLINE;
  }
}
