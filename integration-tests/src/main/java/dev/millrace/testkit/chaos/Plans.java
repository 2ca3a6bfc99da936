package dev.millrace.testkit.chaos;

import java.util.EnumSet;
import java.util.Set;

/** The plans of the rounds of our own faces. */
final class Plans {

  /** The faces to draw from. */
  static final String[] FACES = {"channel", "reactor", "reactor-blocking"};

  /** Two records of a hundred fail three times, and go to the retry topic. */
  private static final double OFTEN = 0.3;

  private static final String PLUS = " with ";

  private Plans() {}

  static Plan of(long seed, int disturbances) {
    Plan drawn =
        Plan.of(
            seed,
            disturbances,
            EnumSet.allOf(Disturbance.class),
            FACES,
            Face::canProduceExactlyOnce);
    boolean exactlyOnce = drawn.guarantee() == Guarantee.EXACTLY_ONCE;
    return named(drawn, drawn.face(), Knobs.of(seed, exactlyOnce).toString());
  }

  /** The knobs in the name of the face. */
  static Knobs knobs(Plan plan) {
    int at = plan.face().indexOf(PLUS);
    boolean isLoop = !Face.isPipeline(plan.face()) && !Face.producesAtLeastOnce(plan.face());
    return !isLoop || at < 0 // the batches of a pipeline are no knob
        ? new Knobs(Set.of())
        : Knobs.parse(plan.face().substring(at + PLUS.length()));
  }

  /** The face of the worker, without the knobs. */
  static String face(Plan plan) {
    int at = plan.face().indexOf(PLUS);
    return at < 0 ? plan.face() : plan.face().substring(0, at);
  }

  private static Plan named(Plan plan, String face, String more) {
    return new Plan(
        plan.seed(),
        more.isEmpty() ? face : face + PLUS + more,
        plan.guarantee(),
        plan.ordering(),
        plan.protocol(),
        plan.statics(),
        plan.concurrency(),
        plan.contents(),
        plan.failures(),
        plan.steps());
  }

  /**
   * The same plan for a given face. A loop with a retry topic has handlers that fail more often.
   *
   * @param knobs the knobs of a loop, joined by a plus; empty for the ones that the seed draws
   */
  static Plan on(Plan drawn, String face, String knobs) {
    boolean isLoop = !Face.isPipeline(face) && !Face.producesAtLeastOnce(face);
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
