package dev.millrace.testkit.soak;

/** A defect that is planted into a soak. The soak must find it. */
enum Defect {
  NONE,
  /** The report of a run counts an element too many. */
  LEDGER,
  /** A run loses a result. */
  RESULT,
  /** A run leaves a thread behind. */
  THREAD,
  /** Memory of each run is kept. */
  HEAP,
  /** A run does not end. */
  STUCK
}
