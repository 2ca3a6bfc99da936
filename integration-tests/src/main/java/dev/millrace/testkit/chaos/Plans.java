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
    return Face.isPipeline(plan.face()) || at < 0 // batches are no knob
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
   * The same plan for a face that is not drawn: a pipeline, or a loop with a retry topic, whose
   * handlers fail more often.
   */
  static Plan on(Plan drawn, String face) {
    boolean produces = Face.isPipeline(face);
    boolean isLoop = !produces && !Face.producesAtLeastOnce(face);
    String more =
        !isLoop
            ? batch(drawn.seed(), face).isEmpty() ? "" : "batches"
            : Knobs.of(drawn.seed(), false).toString();
    return new Plan(
        drawn.seed(),
        more.isEmpty() ? face : face + PLUS + more,
        produces ? Guarantee.EXACTLY_ONCE : Guarantee.AT_LEAST_ONCE,
        drawn.ordering(),
        drawn.protocol(),
        drawn.statics(),
        drawn.concurrency(),
        drawn.contents(),
        isLoop ? OFTEN : drawn.failures(),
        drawn.steps());
  }

  /** The size of the batches before the outputs of a pipeline; empty for no batches. */
  static String batch(long seed, String face) {
    return Face.isPipeline(face) && seed % 2 == 0 ? "5" : "";
  }
}
