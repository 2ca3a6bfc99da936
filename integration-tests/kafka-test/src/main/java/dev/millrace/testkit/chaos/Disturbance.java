package dev.millrace.testkit.chaos;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

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
  ROLLING(1),
  /** A producer of others leaves a transaction open in a partition, and aborts it later. */
  HANGING_TRANSACTION(2),
  /** The topic gets one more partition. */
  NEW_PARTITION(1),
  /**
   * The group must not read its topic, or must not use its name. Consumers must wait for rights.
   * With one broker only.
   */
  RIGHTS(2),
  /** A broker gets SIGKILL, and stays away for longer than a session. */
  LONG_OUTAGE(1),
  /**
   * All workers end, and the commits of the group expire. Consumers must then begin at the first
   * records of the topic. Not for consumers that produce exactly once: they produce again.
   */
  EXPIRED_OFFSETS(1);

  /** The kinds of a storm. They come only to plans that ask for them. */
  static final Set<Disturbance> OF_STORMS =
      Collections.unmodifiableSet(EnumSet.range(HANGING_TRANSACTION, EXPIRED_OFFSETS));

  /** All other kinds. */
  static final Set<Disturbance> USUAL = Collections.unmodifiableSet(EnumSet.range(JOIN, ROLLING));

  /** The relative frequency. */
  final int weight;

  Disturbance(int weight) {
    this.weight = weight;
  }
}
