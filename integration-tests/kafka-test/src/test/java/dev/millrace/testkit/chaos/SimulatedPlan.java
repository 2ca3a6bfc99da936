package dev.millrace.testkit.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * All that a seed decides about a round in the simulation, but for the schedule. A pure function.
 *
 * @param disorder the rate at which handlers fail on good records
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
    POISON
  }

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
              oneOf(random, What.values()),
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
        List.copyOf(steps));
  }

  private static <T> T oneOf(SplittableRandom random, T[] values) {
    return values[random.nextInt(values.length)];
  }
}
