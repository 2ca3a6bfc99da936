package dev.millrace.testkit.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * All decisions of a seed: the settings of the workers, the contents of the topic, and the schedule
 * of disturbances. The same seed gives the same plan. Immutable.
 *
 * @param face the name of the consumer, for people
 * @param guarantee the guarantee of the workers
 * @param statics whether members are static: they keep their names, and so their partitions, over a
 *     restart
 */
record Plan(
    long seed,
    String face,
    Guarantee guarantee,
    Ordering ordering,
    Protocol protocol,
    boolean statics,
    int concurrency,
    Contents contents,
    double failures,
    List<Step> steps) {

  /** The contents of the topic. */
  enum Contents {
    PLAIN,
    COMPACTED,
    TRANSACTIONAL
  }

  /**
   * One disturbance.
   *
   * @param dice chooses the target among the workers of that moment
   * @param millis the duration, for a disturbance that has one
   * @param pause the time until the next disturbance, in ms
   */
  record Step(Disturbance what, int dice, int millis, int pause) {}

  /**
   * Draws a plan.
   *
   * @param kinds the disturbances to draw from
   * @param faces the faces to draw from
   * @param producesExactly whether a face can produce exactly once
   */
  static Plan of(
      long seed,
      int disturbances,
      Set<Disturbance> kinds,
      String[] faces,
      Predicate<String> producesExactly) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    Ordering ordering = oneOf(random, Ordering.values());
    Protocol protocol = oneOf(random, Protocol.values());
    boolean statics = random.nextInt(4) == 0;
    int concurrency = new int[] {4, 16, 64}[random.nextInt(3)];
    Contents contents = oneOf(random, Contents.values());
    double failures = new double[] {0, 0.002, 0.02}[random.nextInt(3)];
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < disturbances; i++) {
      Disturbance what = weighted(random, kinds);
      steps.add(
          new Step(
              what,
              random.nextInt(1 << 20),
              500 + random.nextInt(5500),
              200 + random.nextInt(3000)));
    }
    // Drawn last, so that older seeds still give the same plan without face and guarantee.
    String face = oneOf(random, faces);
    boolean produces = random.nextInt(3) > 0 && producesExactly.test(face);
    return new Plan(
        seed,
        face,
        produces ? Guarantee.EXACTLY_ONCE : Guarantee.AT_LEAST_ONCE,
        ordering,
        protocol,
        statics,
        concurrency,
        contents,
        failures,
        List.copyOf(steps));
  }

  private static Disturbance weighted(RandomGenerator random, Set<Disturbance> kinds) {
    int all = kinds.stream().mapToInt(one -> one.weight).sum();
    int dice = random.nextInt(all);
    for (Disturbance one : new TreeSet<>(kinds)) {
      dice -= one.weight;
      if (dice < 0) {
        return one;
      }
    }
    throw new AssertionError("the weights do not add up");
  }

  private static <T> T oneOf(RandomGenerator random, T[] values) {
    return values[random.nextInt(values.length)];
  }

  boolean has(Disturbance what) {
    return steps.stream().anyMatch(step -> step.what() == what);
  }

  /** The plan with another name of the consumer, and other steps. */
  Plan with(String face, List<Step> steps) {
    return new Plan(
        seed,
        face,
        guarantee,
        ordering,
        protocol,
        statics,
        concurrency,
        contents,
        failures,
        List.copyOf(steps));
  }

  /** Settings, without the steps. */
  String describe() {
    return "%s%s, %s, %s%s, %s at once, %s"
        .formatted(
            face,
            guarantee == Guarantee.EXACTLY_ONCE ? " exactly once" : "",
            ordering,
            protocol,
            statics ? " static" : "",
            concurrency == Integer.MAX_VALUE ? "any number" : concurrency,
            contents);
  }
}
