package dev.millrace.testkit.soak;

/** What can be wrong in a soak on purpose, to see that it is found. */
enum Defect {
  NONE,
  /** The report of a run tells of an element more than there was. */
  LEDGER,
  /** A run loses a result. */
  RESULT,
  /** A run leaves a thread behind. */
  THREAD,
  /** Of each run something is kept. */
  HEAP,
  /** A run does not end. */
  STUCK
}
