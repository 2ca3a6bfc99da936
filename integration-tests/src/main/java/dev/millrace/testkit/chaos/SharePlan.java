package dev.millrace.testkit.chaos;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * All decisions of a seed for a round of a share group. The same seed gives the same plan.
 * Immutable.
 */
record SharePlan(
    long seed,
    int partitions,
    int concurrency,
    int lookAhead,
    int consumers,
    int deliveries,
    double failures,
    List<Step> steps) {

  /**
   * One disturbance.
   *
   * @param dice chooses the target
   * @param millis the duration, for a disturbance that has one
   * @param pause the time until the next disturbance, in ms
   */
  record Step(Disturbance what, int dice, int millis, int pause) {}

  private static final Disturbance[] KINDS = {
    Disturbance.JOIN,
    Disturbance.LEAVE,
    Disturbance.KILL,
    Disturbance.FREEZE,
    Disturbance.BROKER,
    Disturbance.CUT,
    Disturbance.LOST_ANSWERS,
    Disturbance.LETTERS_DOWN,
    Disturbance.POISON
  };

  static SharePlan of(long seed, int disturbances) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    int partitions = random.nextBoolean() ? 1 : 6;
    int concurrency = new int[] {4, 16, 64}[random.nextInt(3)];
    int lookAhead = concurrency * (1 + random.nextInt(4));
    int consumers = 1 + random.nextInt(2);
    int deliveries = random.nextBoolean() ? 1 : 3;
    double failures = new double[] {0, 0.002, 0.02}[random.nextInt(3)];
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < disturbances; i++) {
      steps.add(
          new Step(
              KINDS[random.nextInt(KINDS.length)],
              random.nextInt(1 << 20),
              500 + random.nextInt(5500),
              200 + random.nextInt(2000)));
    }
    return new SharePlan(
        seed,
        partitions,
        concurrency,
        lookAhead,
        consumers,
        deliveries,
        failures,
        List.copyOf(steps));
  }

  /** A plan for the traffic, the same as for other loops. */
  Plan ofTraffic() {
    return new Plan(
        seed,
        "share",
        Guarantee.AT_LEAST_ONCE,
        Ordering.UNORDERED,
        Protocol.COOPERATIVE,
        false,
        concurrency,
        Plan.Contents.PLAIN,
        failures,
        List.of());
  }

  /** The settings of each worker. */
  Map<String, String> settings() {
    Map<String, String> values = new HashMap<>();
    values.put("face", "share");
    values.put("concurrency", Integer.toString(concurrency));
    values.put("lookAhead", Integer.toString(lookAhead));
    values.put("consumers", Integer.toString(consumers));
    values.put("deliveries", Integer.toString(deliveries));
    values.put("failures", Double.toString(failures));
    values.put("slowest", "8000"); // longer than a lock
    values.put("kafka.max.poll.interval.ms", "15000");
    values.put("kafka.request.timeout.ms", "4000");
    values.put("kafka.default.api.timeout.ms", "5000");
    return values;
  }

  /** Settings, without the steps. */
  String describe() {
    return "%d partitions, %d at once, look-ahead %d, %d consumers, %d deliveries"
        .formatted(partitions, concurrency, lookAhead, consumers, deliveries);
  }
}
