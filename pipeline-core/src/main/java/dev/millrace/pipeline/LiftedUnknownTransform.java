package dev.millrace.pipeline;

import dev.millrace.pipeline.graph.Emitter;
import dev.millrace.pipeline.graph.Transform;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Runs a transform that does not say what it holds, on elements that may be in envelopes: each
 * emitted element may descend from all elements before. One origin stands for these, and ends after
 * the transform.
 */
final class LiftedUnknownTransform<I, O> implements Transform<Object, Object>, Emitter<O> {

  private final Transform<I, O> transform;
  private final int claims;
  private final OwnResource own;

  /** Read when there is no claim left, and so after this stage has given up its own. */
  private final List<Origin> parents = new ArrayList<>();

  /** The resources among the parents: thousands of elements may have come from the same one. */
  private final Set<Origin> resources = Collections.newSetFromMap(new IdentityHashMap<>());

  private final Origin all =
      new Origin(1) {
        @Override
        void ended() {
          parents.forEach(parent -> parent.release(1));
        }
      };

  private @Nullable Emitter<? super Object> out;

  /**
   * A transform that does not say what it holds.
   *
   * @param claims how many each element that it emits is to have
   */
  LiftedUnknownTransform(Transform<I, O> transform, int claims, Resources resources) {
    this.transform = transform;
    this.claims = claims;
    this.own = new OwnResource(transform, resources);
  }

  @Override
  @SuppressWarnings("unchecked") // the blueprint is well typed
  public Outcome accept(Object element, Emitter<? super Object> to) throws Exception {
    out = to;
    Origin origin = Envelope.origin(element);
    boolean isNew =
        origin != Origin.NONE && (!(origin instanceof Resource) || resources.add(origin));
    if (isNew) {
      parents.add(origin);
    }
    Outcome outcome = null;
    try {
      outcome = transform.accept((I) Envelope.value(element), this);
      return outcome;
    } finally {
      if (outcome == null && isNew) {
        origin.retain(1); // for the failure
      } else if (outcome != null && !isNew) {
        origin.release(1);
      }
    }
  }

  @Override
  public void emit(O element) {
    Objects.requireNonNull(element, "a stage emitted null");
    Origin origin = parents.isEmpty() ? Origin.NONE : all;
    origin.retain(claims);
    Objects.requireNonNull(out).emit(Envelope.of(element, own.with(origin, claims)));
  }

  @Override
  public void end(Emitter<? super Object> to) throws Exception {
    out = to;
    transform.end(this);
    all.release(1);
  }

  @Override
  public int leftOver() {
    return transform.leftOver();
  }

  @Override
  public boolean wantsNone() {
    return transform.wantsNone();
  }

  @Override
  public void close() throws Exception {
    own.close();
  }
}
