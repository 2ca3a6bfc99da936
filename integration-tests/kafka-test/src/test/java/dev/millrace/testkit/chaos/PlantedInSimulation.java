package dev.millrace.testkit.chaos;

/** A defect that is planted into the members of a round in the simulation. */
enum PlantedInSimulation {
  NONE,
  /** Starts records of a partition that was revoked. */
  FORGETS_REVOKES,
  /** Lets the next record of a key begin while a record of this key runs. */
  TWO_OF_A_KEY,
  /** Handles no more records after a while. */
  STANDS_STILL,
  /** Settles a record and handles it afterwards. */
  SETTLES_EARLY,
  /** Skips some records. */
  DROPS_RECORDS,
  /** Skips some records of the retry topic. */
  DROPS_RETRIES,
  /** Leaves a thread behind when it is closed. */
  LEAKS_A_THREAD,
  /** Does not end when it is asked to. */
  CLOSES_LATE,
  /** Runs more handlers than the concurrency allows. */
  TOO_MANY_AT_ONCE,
  /** Handles the records of a batch backwards. */
  REVERSES_BATCHES,
  /** Produces with its own producer, outside of the transaction. */
  PRODUCES_OUTSIDE,
  /** Produces in transactions that do not contain the offsets. */
  FORGETS_OFFSETS,
  /** Handles records of aborted transactions. */
  READS_UNCOMMITTED,
  /** Commits polled records, handled or not; not the loop but a naive one. */
  COMMITS_AHEAD,
  /** Commits an offset that is lower than an earlier one; not the loop but a naive one. */
  COMMITS_BACK,
  /** Does not poll while a handler runs; not the loop but a naive one. */
  STOPS_POLLING;

  /** Whether a naive loop has it. */
  boolean isNaive() {
    return this == COMMITS_AHEAD || this == COMMITS_BACK || this == STOPS_POLLING;
  }

  /** Whether outputs are not produced by the loop. */
  boolean isOutside() {
    return this == PRODUCES_OUTSIDE || this == FORGETS_OFFSETS;
  }

  int concurrency(int allowed) {
    return this == TOO_MANY_AT_ONCE ? 2 * allowed : allowed;
  }

  /** The plan, changed so that the defect can show. */
  SimulatedPlan in(SimulatedPlan plan) {
    boolean isExact = isOutside() || this == READS_UNCOMMITTED;
    Ordering ordering =
        switch (this) {
          case TWO_OF_A_KEY, REVERSES_BATCHES -> Ordering.KEY;
          case PRODUCES_OUTSIDE, FORGETS_OFFSETS -> Ordering.PARTITION;
          case FORGETS_REVOKES, COMMITS_AHEAD, COMMITS_BACK, STOPS_POLLING -> Ordering.UNORDERED;
          default -> plan.ordering();
        };
    return this == NONE
        ? plan
        : new SimulatedPlan(
            plan.seed(),
            plan.protocol(),
            ordering,
            isExact
                ? SimulatedPlan.Mode.TRANSACTION
                : this == REVERSES_BATCHES ? SimulatedPlan.Mode.BATCH : SimulatedPlan.Mode.ONE,
            plan.partitions(),
            plan.members(),
            this == COMMITS_AHEAD || this == SETTLES_EARLY ? 1000 : plan.concurrency(),
            this == REVERSES_BATCHES ? 5 : 1,
            plan.disorder(),
            plan.retries(),
            plan.latest(),
            plan.steps());
  }
}
