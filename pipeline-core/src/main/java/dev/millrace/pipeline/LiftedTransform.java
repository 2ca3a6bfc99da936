package dev.millrace.pipeline;

import dev.millrace.pipeline.graph.Emitter;
import dev.millrace.pipeline.graph.Transform;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Runs a transform on what is in envelopes.
 *
 * <p>What it emits descends from the element that it was called with, and from those that it held
 * before. Of an element that it throws for, the claim goes with the failure. What an emitter throws
 * is nobody's failure: then the claim of what was emitted is not given up, so that the element does
 * not end.
 */
class LiftedTransform<I, O> implements Transform<Envelope<I>, Envelope<O>>, Emitter<O> {

  private final Transform<I, O> transform;
  private final int claims;
  private final Held held = new Held();
  private @Nullable Origin current;
  private @Nullable Origin merged;
  private @Nullable Emitter<? super Envelope<O>> out;

  /**
   * A transform that says what it holds.
   *
   * @param claims how many each element that it emits is to have
   */
  LiftedTransform(Transform<I, O> transform, int claims) {
    this.transform = transform;
    this.claims = claims;
  }

  @Override
  public Outcome accept(Envelope<I> element, Emitter<? super Envelope<O>> to) throws Exception {
    out = to;
    current = element.origin();
    Outcome outcome;
    try {
      outcome = transform.accept(element.value(), this);
    } catch (Throwable e) {
      held.keep(transform.holds());
      throw e;
    } finally {
      current = null;
      forgetMerged();
    }
    held.add(element.origin(), transform.holds());
    return outcome;
  }

  @Override
  public void emit(O element) {
    Objects.requireNonNull(element, "a stage emitted null");
    Origin origin = origin();
    origin.retain(claims);
    Objects.requireNonNull(out).emit(new Envelope<>(element, origin));
  }

  /** What is emitted now descends from that; there is a claim to it until the call ends. */
  private Origin origin() {
    Origin of = current;
    if (of != null && held.isEmpty()) {
      return of;
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

  /** A call without an element. */
  interface Call {
    void run() throws Exception;
  }

  final void call(Emitter<? super Envelope<O>> to, Call call) throws Exception {
    out = to;
    try {
      call.run();
    } finally {
      forgetMerged();
    }
    held.keep(transform.holds());
  }

  /** What is held after this has become part of nothing, and comes again. */
  @Override
  public void end(Emitter<? super Envelope<O>> to) throws Exception {
    call(to, () -> transform.end(this));
  }

  @Override
  public boolean wantsNone() {
    return transform.wantsNone();
  }
}
