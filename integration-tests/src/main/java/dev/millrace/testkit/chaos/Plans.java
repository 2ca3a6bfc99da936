package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Knobs.Knob;
import dev.millrace.testkit.chaos.Plan.Step;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/** The plans of the rounds of our own faces. */
final class Plans {

  /** The faces to draw from. */
  static final String[] FACES = {"channel", "reactor", "reactor-blocking"};

  /** Two records of a hundred fail three times, and go to the retry topic. */
  private static final double OFTEN = 0.3;

  private static final String PLUS = " with ";

  private Plans() {}

  /** The plan of a seed. Loops on Reactor produce exactly once with even seeds only. */
  static Plan of(long seed, int disturbances) {
    Plan drawn = drawn(seed, disturbances, face -> face.equals("channel") || seed % 2 == 0);
    boolean exactlyOnce = drawn.guarantee() == Guarantee.EXACTLY_ONCE;
    return named(drawn, drawn.face(), Knobs.of(seed, exactlyOnce).toString());
  }

  private static Plan drawn(long seed, int disturbances, Predicate<String> producesExactly) {
    Set<Disturbance> all = Disturbance.USUAL;
    return Plan.of(seed, disturbances, all, FACES, producesExactly);
  }

  /** The knobs in the name of the face. */
  static Knobs knobs(Plan plan) {
    int at = plan.face().indexOf(PLUS);
    return !Face.isLoop(plan.face()) || at < 0 // the batches of a pipeline are no knob
        ? new Knobs(Set.of())
        : Knobs.parse(plan.face().substring(at + PLUS.length()));
  }

  /** The face of the worker, without the knobs. */
  static String face(Plan plan) {
    int at = plan.face().indexOf(PLUS);
    return at < 0 ? plan.face() : plan.face().substring(0, at);
  }

  /**
   * The plan of a seed with three to six further disturbances. The loop waits for rights; handlers
   * may ignore interrupts. A group that has committed nothing may begin at the ends of the logs, or
   * get its first commits from the conductor. In a round that begins at the first records, and does
   * not produce exactly once, the commits expire once.
   */
  static Plan storm(long seed, int disturbances) {
    Plan usual = of(seed, disturbances);
    var random = new SplittableRandom(seed * 37 + 11);
    Set<Knob> more = EnumSet.of(Knob.AWAIT_RIGHTS);
    if (random.nextBoolean()) {
      more.add(Knob.DEAF);
    }
    int reset = random.nextInt(3);
    if (reset > 0) {
      more.add(reset == 1 ? Knob.RESET_LATEST : Knob.RESET_NONE);
    }
    List<Step> steps = new ArrayList<>(usual.steps());
    Set<Disturbance> kinds = EnumSet.copyOf(Disturbance.OF_STORMS);
    if (reset > 0) { // where the log begins behind the committed offset, the loop follows the reset
      steps.removeIf(step -> step.what() == Disturbance.RETENTION);
    }
    if (reset == 2) {
      kinds.remove(Disturbance.NEW_PARTITION); // its beginning has no commit
    }
    if (Chaos.brokers(seed) > 1) {
      kinds.remove(Disturbance.RIGHTS); // only a single broker checks them
    }
    kinds.remove(Disturbance.EXPIRED_OFFSETS); // below
    List<Disturbance> all = List.copyOf(kinds);
    int storms = 3 + random.nextInt(4);
    for (int i = 0; i < storms; i++) {
      steps.add(
          random.nextInt(steps.size() + 1),
          new Step(
              all.get(random.nextInt(all.size())),
              random.nextInt(1 << 20),
              500 + random.nextInt(5500),
              200 + random.nextInt(3000)));
    }
    boolean mayExpire = reset == 0 && usual.guarantee() == Guarantee.AT_LEAST_ONCE;
    if (mayExpire) {
      steps.add(
          random.nextInt(steps.size() + 1), new Step(Disturbance.EXPIRED_OFFSETS, 0, 0, 3000));
    }
    Knobs knobs = knobs(usual).with(more);
    if (reset > 0) {
      knobs = knobs.without(Knob.START_AT); // which says where to begin, too
    }
    return usual.with(face(usual) + PLUS + knobs, steps);
  }

  private static Plan named(Plan plan, String face, String more) {
    return plan.with(more.isEmpty() ? face : face + PLUS + more, plan.steps());
  }

  /**
   * The plan of a seed for a given face. A loop with a retry topic has handlers that fail more
   * often.
   *
   * @param knobs the knobs of a loop, joined by a plus; empty for the ones that the seed draws
   */
  static Plan on(long seed, int disturbances, String face, String knobs) {
    Plan drawn = drawn(seed, disturbances, any -> true);
    boolean isLoop = Face.isLoop(face);
    boolean produces =
        Face.isPipeline(face)
            || (drawn.guarantee() == Guarantee.EXACTLY_ONCE
                && Face.canProduceExactlyOnce(face)
                && Knobs.parse(knobs).fitExactlyOnce());
    String more =
        !isLoop
            ? batch(drawn.seed(), face).isEmpty() ? "" : "batches"
            : !knobs.isEmpty()
                ? Knobs.parse(knobs).toString()
                : Knobs.of(drawn.seed(), produces).toString();
    return new Plan(
        drawn.seed(),
        more.isEmpty() ? face : face + PLUS + more,
        produces ? Guarantee.EXACTLY_ONCE : Guarantee.AT_LEAST_ONCE,
        drawn.ordering(),
        drawn.protocol(),
        drawn.statics(),
        drawn.concurrency(),
        drawn.contents(),
        face.startsWith(Face.RETRY_TOPICS) ? OFTEN : drawn.failures(),
        drawn.steps());
  }

  /** The size of the batches before the outputs of a pipeline; empty for no batches. */
  static String batch(long seed, String face) {
    return Face.isPipeline(face) && seed % 2 == 0 ? "5" : "";
  }
}
