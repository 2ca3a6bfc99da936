package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Mapping;
import org.jspecify.annotations.Nullable;

/** Runs a mapping on elements that may be in envelopes. Not thread-safe. */
final class LiftedMapping<I, O> implements Mapping<Object, Object> {

  private final Mapping<I, O> mapping;
  private final int claims;
  private final OwnResource own;

  /**
   * Wraps a mapping.
   *
   * @param claims the number of claims that each emitted element needs
   */
  LiftedMapping(Mapping<I, O> mapping, int claims, Resources resources) {
    this.mapping = mapping;
    this.claims = claims;
    this.own = new OwnResource(mapping, resources);
  }

  @Override
  @SuppressWarnings("unchecked") // the blueprint is well typed
  public @Nullable Object apply(Object element) throws Exception {
    Object made = mapping.apply((I) Envelope.value(element));
    if (!(element instanceof Envelope<?>) && own.isNone()) {
      return made;
    }
    Origin origin = Envelope.origin(element);
    if (made == null) {
      origin.release(1);
      return null;
    }
    origin.retain(claims - 1);
    return Envelope.of(made, own.with(origin, claims));
  }

  @Override
  public int holds() {
    return mapping.holds();
  }

  @Override
  public void close() throws Exception {
    own.close();
  }
}
