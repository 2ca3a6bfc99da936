package dev.millrace.testkit.chaos;

/** The promise of the workers of a round. */
enum Guarantee {
  /** Each record is handled, some more than once. */
  AT_LEAST_ONCE,

  /** Readers of committed records see the outputs of each record exactly once. */
  EXACTLY_ONCE
}
