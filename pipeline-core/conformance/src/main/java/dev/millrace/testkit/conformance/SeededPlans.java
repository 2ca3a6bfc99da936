package dev.millrace.testkit.conformance;

import dev.millrace.testkit.conformance.Plan.Buffering;
import dev.millrace.testkit.conformance.Plan.Faults;
import dev.millrace.testkit.conformance.Plan.Filtering;
import dev.millrace.testkit.conformance.Plan.Flattening;
import dev.millrace.testkit.conformance.Plan.Join;
import dev.millrace.testkit.conformance.Plan.Joining;
import dev.millrace.testkit.conformance.Plan.Mapping;
import dev.millrace.testkit.conformance.Plan.Memory;
import dev.millrace.testkit.conformance.Plan.Remembering;
import dev.millrace.testkit.conformance.Plan.Spread;
import dev.millrace.testkit.conformance.Plan.Spreading;
import dev.millrace.testkit.conformance.Plan.Step;
import dev.millrace.testkit.conformance.Plan.Way;
import dev.millrace.testkit.conformance.RandomPipelines.Accident;
import dev.millrace.testkit.conformance.RandomPipelines.Disturbed;
import dev.millrace.testkit.conformance.RandomSettlements.Event;
import dev.millrace.testkit.conformance.RandomSettlements.Settled;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Draws the plans of {@link RandomPipelines} from a seed alone. The generators of jqwik need its
 * threads, and remember their earlier draws. Smaller than the plans of the properties, because a
 * simulation runs far more of them.
 */
final class SeededPlans {

  private static final int MOST_NUMBERS = 12;
  private static final int MOST_STEPS = 4;

  private final SplittableRandom random;

  SeededPlans(long seed) {
    random = new SplittableRandom(seed);
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  private int few() {
    return 1 + random.nextInt(4);
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private <E extends Enum<E>> E one(Class<E> of) {
    return one(List.of(of.getEnumConstants()));
  }

  private <T> List<T> list(int least, int most, Supplier<T> each) {
    return Stream.generate(each).limit(least + random.nextInt(most - least + 1)).toList();
  }

  private Faults faults() {
    return new Faults(one(List.of(0, 0, 2, 3, 7)), one(List.of(0, 0, 0, 5)));
  }

  private Step step(int depth) {
    return switch (random.nextInt(depth == 0 ? 6 : 8)) {
      case 0 -> new Filtering(few(), faults());
      case 1 -> new Flattening(few(), faults());
      case 2 -> new Remembering(one(Memory.class), few());
      case 3 -> new Buffering(few());
      case 6 -> new Joining(one(Join.class), random.nextInt(6));
      case 7 -> new Spreading(one(Spread.class), few(), list(0, 2, () -> step(depth - 1)));
      default -> new Mapping(one(Way.class), few(), few(), faults());
    };
  }

  Plan plan() {
    return new Plan(random.nextInt(MOST_NUMBERS + 1), list(0, MOST_STEPS, () -> step(2)));
  }

  Disturbed disturbed() {
    return new Disturbed(plan(), one(Accident.class), 1 + random.nextInt(20));
  }

  Settled settled() {
    return new Settled(
        list(1, MOST_STEPS, () -> one(TaggedStage.class)),
        random.nextInt(MOST_NUMBERS + 1),
        one(List.of(0, 0, 3, 7)),
        one(Event.class),
        1 + random.nextInt(30));
  }
}
