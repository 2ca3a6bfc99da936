package dev.millrace.testkit.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * All that a seed decides about a round in the simulation, but for the schedule. A pure function.
 *
 * @param disorder the rate at which handlers fail on good records
 * @param retries whether failed records go to a retry topic
 */
record SimulatedPlan(
    long seed,
    Protocol protocol,
    Ordering ordering,
    Mode mode,
    int partitions,
    int members,
    int concurrency,
    int batch,
    double disorder,
    boolean retries,
    List<Step> steps) {

  /** How records are handled. */
  enum Mode {
    ONE,
    BATCH,
    TRANSACTION
  }

  /** The disturbances. */
  enum What {
    JOIN,
    LEAVE,
    KILL,
    FREEZE,
    CUT,
    DOWN,
    LOSE,
    REFUSE,
    DELETE,
    POISON,
    /** Sets the wall clock of a member to another time. */
    CLOCK
  }

  /** The disturbances of rounds without retry topics, which need no clock. */
  private static final What[] TIMELESS =
      Stream.of(What.values()).filter(what -> what != What.CLOCK).toArray(What[]::new);

  /**
   * A disturbance.
   *
   * @param dice chooses the target
   * @param millis the duration, if it has one
   * @param pause the time until the next one, in ms
   */
  record Step(What what, int dice, int millis, int pause) {}

  static SimulatedPlan of(long seed) {
    var random = new SplittableRandom(seed * 31 + 7);
    List<Step> steps = new ArrayList<>();
    int count = 2 + random.nextInt(7);
    for (int i = 0; i < count; i++) {
      steps.add(
          new Step(
              oneOf(random, TIMELESS),
              random.nextInt(1 << 20),
              200 + random.nextInt(random.nextInt(3) == 0 ? 9000 : 2000),
              random.nextInt(3000)));
    }
    Mode mode = oneOf(random, Mode.values());
    return new SimulatedPlan(
        seed,
        oneOf(random, Protocol.values()),
        oneOf(random, Ordering.values()),
        mode,
        1 + random.nextInt(4),
        1 + random.nextInt(3),
        1 + random.nextInt(6),
        mode == Mode.BATCH ? 1 + random.nextInt(5) : 1,
        random.nextInt(3) == 0 ? 0.1 : 0,
        false,
        List.copyOf(steps));
  }

  /** The same, with a retry topic, more failures, and one to three clocks that are set. */
  static SimulatedPlan withRetries(long seed) {
    SimulatedPlan plan = of(seed);
    var random = new SplittableRandom(seed * 37 + 11);
    List<Step> steps = new ArrayList<>(plan.steps());
    int clocks = 1 + random.nextInt(3);
    for (int i = 0; i < clocks; i++) {
      steps.add(
          random.nextInt(steps.size() + 1),
          new Step(What.CLOCK, random.nextInt(1 << 20), 0, random.nextInt(1000)));
    }
    return new SimulatedPlan(
        seed,
        plan.protocol(),
        plan.ordering(),
        plan.mode() == Mode.TRANSACTION ? Mode.ONE : plan.mode(),
        plan.partitions(),
        plan.members(),
        plan.concurrency(),
        plan.batch(),
        0.1,
        true,
        List.copyOf(steps));
  }

  private static <T> T oneOf(SplittableRandom random, T[] values) {
    return values[random.nextInt(values.length)];
  }
}
