package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A transform whose elements travel in envelopes: it passes the values to the wrapped transform,
 * and gives each emitted element an origin. For one thread at a time.
 */
abstract class Lifted<I, O> implements Transform<Object, Object>, Emitter<O> {

  final Transform<I, O> inner;
  private final int claims;
  private final OwnResource own;

  /** Takes the elements of the present call. */
  private @Nullable Emitter<? super Object> out;

  /**
   * Wraps a transform.
   *
   * @param claims the number of claims that each emitted element needs
   */
  Lifted(Transform<I, O> transform, int claims, Resources resources) {
    this.inner = transform;
    this.claims = claims;
    this.own = new OwnResource(transform, resources);
  }

  /** The origin of an element that is emitted now. This object has a claim to it. */
  abstract Origin origin();

  /** Sets the emitter of the present call. */
  final void emitTo(Emitter<? super Object> to) {
    out = to;
  }

  @Override
  public final void emit(O element) {
    Objects.requireNonNull(element, "a stage emitted null");
    Origin origin = origin();
    origin.retain(claims);
    Objects.requireNonNull(out).emit(Envelope.of(element, own.with(origin, claims)));
  }

  @Override
  public int leftOver() {
    return inner.leftOver();
  }

  @Override
  public boolean wantsNone() {
    return inner.wantsNone();
  }

  @Override
  public void close() throws Exception {
    own.close();
  }
}
