package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Runs a transform whose {@code holds} is {@link Transform#ALL}, on elements that may be in
 * envelopes. Each emitted element may descend from all earlier elements. One origin stands for all
 * of them; it ends after the transform has ended. Not thread-safe.
 */
final class LiftedUnknownTransform<I, O> extends Lifted<I, O> {

  /**
   * Written by this stage. Read when no claim to {@link #all} is left, so after this stage has
   * released its own claim: the release and the read are ordered by the atomic claim count.
   */
  private final List<Origin> parents = new ArrayList<>();

  /**
   * The resources among the parents: one resource may be the origin of thousands of elements, but
   * is added once.
   */
  private final Set<Origin> resources = Collections.newSetFromMap(new IdentityHashMap<>());

  private final Origin all =
      new Origin(1) {
        @Override
        void ended() {
          parents.forEach(parent -> parent.release(1));
        }

        @Override
        void addSources(Set<SourceElement> to) {
          throw new IllegalStateException(
              "it is not known which source elements this element was made of: override holds() in"
                  + " the transform "
                  + inner.getClass().getName());
        }
      };

  /**
   * Wraps a transform.
   *
   * @param claims the number of claims that each emitted element needs
   */
  LiftedUnknownTransform(Transform<I, O> transform, int claims, Resources resources) {
    super(transform, claims, resources);
  }

  @Override
  @SuppressWarnings("unchecked") // the blueprint is well typed
  public Outcome accept(Object element, Emitter<? super Object> to) throws Exception {
    emitTo(to);
    Origin origin = Envelope.origin(element);
    boolean isNew =
        origin != Origin.NONE && (!(origin instanceof Resource) || resources.add(origin));
    if (isNew) {
      parents.add(origin);
    }
    Outcome outcome = null;
    try {
      outcome = inner.accept((I) Envelope.value(element), this);
      return outcome;
    } finally {
      if (outcome == null && isNew) {
        origin.retain(1); // the claim of the failure
      } else if (outcome != null && !isNew) {
        origin.release(1);
      }
    }
  }

  @Override
  Origin origin() {
    return parents.isEmpty() ? Origin.NONE : all;
  }

  @Override
  public void end(Emitter<? super Object> to) throws Exception {
    emitTo(to);
    inner.end(this);
    all.release(1);
  }
}
