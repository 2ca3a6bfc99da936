package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.TimedTransform;

/** Runs a timed transform on elements that may be in envelopes. */
final class LiftedTimedTransform<I, O> extends LiftedTransform<I, O>
    implements TimedTransform<Object, Object> {

  private final TimedTransform<I, O> transform;

  LiftedTimedTransform(TimedTransform<I, O> transform, int claims, Resources resources) {
    super(transform, claims, resources);
    this.transform = transform;
  }

  @Override
  public long wakeAt() {
    return transform.wakeAt();
  }

  @Override
  public void elapsed(long now, Emitter<? super Object> to) throws Exception {
    call(to, () -> transform.elapsed(now, this));
  }

  @Override
  public long acceptAt() {
    return transform.acceptAt();
  }
}
