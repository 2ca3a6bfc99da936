package dev.millrace.testkit.chaos;

/** The actions of the conductor. */
public enum Disturbance {
  /** A worker joins. */
  JOIN(3),
  /** A worker gets SIGTERM. */
  LEAVE(3),
  /** A worker gets SIGKILL. */
  KILL(4),
  /** A worker is stopped for longer than its session timeout, and then continued. */
  FREEZE(3),
  /** A broker gets SIGKILL, and is started again. */
  BROKER(2),
  /** Commits of a worker arrive, but their answers do not. */
  LOST_ANSWERS(3),
  /** A worker is cut off from the brokers. */
  CUT(3),
  /** The dead-letter topic accepts no records. */
  LETTERS_DOWN(2),
  /** Many records arrive that fail, or cannot be deserialized. */
  POISON(2),
  /** The log of a partition is deleted to beyond its consumed offset. */
  RETENTION(2),
  /**
   * A worker comes and goes: partitions with running handlers are taken away, and may come back.
   */
  FLAP(3),
  /** Commits fail while a rebalance takes partitions away. */
  FAULT_IN_REBALANCE(3),
  /** All workers are replaced, one after the other. */
  ROLLING(1);

  /** The relative frequency. */
  final int weight;

  Disturbance(int weight) {
    this.weight = weight;
  }
}
