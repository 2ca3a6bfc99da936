package dev.millrace.testkit.chaos;

import dev.millrace.kafka.Ordering;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * All decisions of a seed: the settings of the workers, the contents of the topic, and the schedule
 * of disturbances. The same seed gives the same plan. Immutable.
 *
 * @param face the loop of the workers, as a name of {@link Face}
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

  private static final String[] FACES = {"channel", "reactor", "reactor-blocking"};

  static Plan of(long seed, int disturbances) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    Ordering ordering = oneOf(random, Ordering.values());
    Protocol protocol = oneOf(random, Protocol.values());
    boolean statics = random.nextInt(4) == 0;
    int concurrency = new int[] {4, 16, 64}[random.nextInt(3)];
    Contents contents = oneOf(random, Contents.values());
    double failures = new double[] {0, 0.002, 0.02}[random.nextInt(3)];
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < disturbances; i++) {
      Disturbance what = weighted(random);
      steps.add(
          new Step(
              what,
              random.nextInt(1 << 20),
              500 + random.nextInt(5500),
              200 + random.nextInt(3000)));
    }
    // Drawn last, so that older seeds still give the same plan without face and guarantee.
    String face = oneOf(random, FACES);
    boolean produces = random.nextInt(3) > 0 && Face.canProduceExactlyOnce(face);
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

  private static Disturbance weighted(RandomGenerator random) {
    int all = Arrays.stream(Disturbance.values()).mapToInt(one -> one.weight).sum();
    int dice = random.nextInt(all);
    for (Disturbance one : Disturbance.values()) {
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

  /** Settings, without the steps. */
  String describe() {
    return "%s%s, %s, %s%s, %d at once, %s"
        .formatted(
            face,
            guarantee == Guarantee.EXACTLY_ONCE ? " exactly once" : "",
            ordering,
            protocol,
            statics ? " static" : "",
            concurrency,
            contents);
  }
}
