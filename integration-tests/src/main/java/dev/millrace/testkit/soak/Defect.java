package dev.millrace.testkit.soak;

/** A defect planted into a soak, to see that it is found. */
enum Defect {
  NONE,
  /** The report of a run counts an element too many. */
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
