package dev.millrace.testkit.chaos;

/** What the workers of a round promise. */
enum Guarantee {
  /** Each record is handled, some more than once. */
  AT_LEAST_ONCE,

  /** What is made of each record is produced, and seen by readers of committed records once. */
  EXACTLY_ONCE
}
