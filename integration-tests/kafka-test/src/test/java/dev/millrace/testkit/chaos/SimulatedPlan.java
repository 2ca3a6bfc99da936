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
 * @param latest whether a group that has committed nothing begins at the end of the log
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
    boolean latest,
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
    // The following ones are of storms only.
    /** Sets the wall clock of a member to another time. */
    CLOCK,
    /** A transaction of another producer stays open, so that the records behind it wait. */
    HANG,
    /** Handlers of a member ignore interrupts, and take their time. */
    DEAF,
    /** The topic gets one more partition. */
    PARTITION
  }

  private static final int LONGEST_DEAF = 6000;
  private static final What[] OF_STORMS = {What.CLOCK, What.HANG, What.DEAF, What.PARTITION};

  /** Without an admin client, the loop cannot see that a partition is new: it begins at the end. */
  private static final What[] OF_STORMS_FROM_THE_END = {What.CLOCK, What.HANG, What.DEAF};

  private static final What[] OF_ALL =
      Stream.of(What.values()).filter(what -> what.compareTo(What.CLOCK) < 0).toArray(What[]::new);

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
              oneOf(random, OF_ALL),
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
        false,
        List.copyOf(steps));
  }

  /**
   * A plan with one to four further disturbances, and with more failures. Most have a retry topic,
   * if they have no transactions. Half begin at the end of the log, with a group that has committed
   * nothing.
   */
  static SimulatedPlan storm(long seed) {
    SimulatedPlan plan = of(seed);
    var random = new SplittableRandom(seed * 37 + 11);
    boolean latest = random.nextBoolean();
    List<Step> steps = new ArrayList<>(plan.steps());
    if (latest) { // where the log begins behind the committed offset, records are skipped
      steps.removeIf(step -> step.what() == What.DELETE);
    }
    int more = 1 + random.nextInt(4);
    for (int i = 0; i < more; i++) {
      steps.add(
          random.nextInt(steps.size() + 1),
          new Step(
              oneOf(random, latest ? OF_STORMS_FROM_THE_END : OF_STORMS),
              random.nextInt(1 << 20),
              200 + random.nextInt(LONGEST_DEAF),
              random.nextInt(1000)));
    }
    return new SimulatedPlan(
        seed,
        plan.protocol(),
        plan.ordering(),
        plan.mode(),
        plan.partitions(),
        plan.members(),
        plan.concurrency(),
        plan.batch(),
        0.1,
        plan.mode() != Mode.TRANSACTION && random.nextInt(3) > 0,
        latest,
        List.copyOf(steps));
  }

  private static <T> T oneOf(SplittableRandom random, T[] values) {
    return values[random.nextInt(values.length)];
  }
}
