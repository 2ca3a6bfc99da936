package dev.millrace.pipeline;

import dev.millrace.pipeline.graph.Emitter;
import dev.millrace.pipeline.graph.Transform;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Runs a transform that does not say what it holds, on what is in envelopes: all that it emits may
 * descend from all that it has had. One origin stands for that, and ends after the transform.
 */
final class LiftedUnknownTransform<I, O>
    implements Transform<Envelope<I>, Envelope<O>>, Emitter<O> {

  private final Transform<I, O> transform;
  private final int claims;

  /** Read when there is no claim left, and so after this stage has given up its own. */
  private final List<Origin> parents = new ArrayList<>();

  private final Origin all =
      new Origin(1) {
        @Override
        void ended() {
          parents.forEach(parent -> parent.release(1));
        }
      };

  private @Nullable Emitter<? super Envelope<O>> out;

  /**
   * A transform that does not say what it holds.
   *
   * @param claims how many each element that it emits is to have
   */
  LiftedUnknownTransform(Transform<I, O> transform, int claims) {
    this.transform = transform;
    this.claims = claims;
  }

  @Override
  public Outcome accept(Envelope<I> element, Emitter<? super Envelope<O>> to) throws Exception {
    out = to;
    parents.add(element.origin());
    Outcome outcome = null;
    try {
      outcome = transform.accept(element.value(), this);
      return outcome;
    } finally {
      if (outcome == null) {
        element.origin().retain(1); // for the failure
      }
    }
  }

  @Override
  public void emit(O element) {
    Objects.requireNonNull(element, "a stage emitted null");
    all.retain(claims);
    Objects.requireNonNull(out).emit(new Envelope<>(element, all));
  }

  @Override
  public void end(Emitter<? super Envelope<O>> to) throws Exception {
    out = to;
    transform.end(this);
    all.release(1);
  }

  @Override
  public boolean wantsNone() {
    return transform.wantsNone();
  }
}
