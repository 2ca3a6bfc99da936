package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs a transform on elements that may be in envelopes.
 *
 * <p>An emitted element descends from the element that the transform was called with, from the
 * elements that the transform held before, and from the transform's own resource. If the transform
 * throws for an element, the failure takes over the claim of that element. An exception of an
 * emitter is not a failure of an element: then the claim of the emitted element is never released,
 * so its origin is not settled.
 */
class LiftedTransform<I, O> extends Lifted<I, O> {

  private final Held held = new Held();
  private @Nullable Origin current;
  private @Nullable Origin merged;

  /**
   * Wraps a transform whose {@code holds} is a number, not {@link Transform#ALL}.
   *
   * @param claims the number of claims that each emitted element needs
   */
  LiftedTransform(Transform<I, O> transform, int claims, Resources resources) {
    super(transform, claims, resources);
  }

  @Override
  @SuppressWarnings("unchecked") // the blueprint is well typed
  public Outcome accept(Object element, Emitter<? super Object> to) throws Exception {
    emitTo(to);
    Origin origin = Envelope.origin(element);
    current = origin;
    Outcome outcome;
    try {
      outcome = process((I) Envelope.value(element), origin);
    } catch (Throwable e) {
      held.keep(inner.holds());
      throw e;
    } finally {
      current = null;
      forgetMerged();
    }
    held.add(origin, inner.holds());
    return outcome;
  }

  /** Gives the element to the transform. */
  Outcome process(I element, Origin origin) throws Exception {
    return inner.accept(element, this);
  }

  /** This call has a claim to the origin until the call ends. */
  @Override
  Origin origin() {
    Origin of = current;
    if (held.isEmpty()) {
      return of == null ? Origin.NONE : of;
    }
    if (merged == null) {
      List<Origin> all = held.retained();
      if (of != null) {
        of.retain(1);
        all.add(of);
      }
      merged = Origin.merge(all, 1);
    }
    return merged;
  }

  private void forgetMerged() {
    Origin origin = merged;
    merged = null;
    if (origin != null) {
      origin.release(1);
    }
  }

  /** A call of the transform without an element. */
  interface Call {
    void run() throws Exception;
  }

  final void call(Emitter<? super Object> to, Call call) throws Exception {
    emitTo(to);
    try {
      call.run();
    } finally {
      forgetMerged();
    }
    held.keep(inner.holds());
  }

  /** Ends the transform. Elements still held afterwards are never emitted; they are abandoned. */
  @Override
  public void end(Emitter<? super Object> to) throws Exception {
    call(to, () -> inner.end(this));
  }

  @Override
  public int holds() {
    return inner.holds();
  }
}
