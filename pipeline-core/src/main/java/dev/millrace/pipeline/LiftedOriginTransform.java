package dev.millrace.pipeline;

/** Runs an {@link OriginTransform}: gives it the source elements behind each element. */
final class LiftedOriginTransform<I, O> extends LiftedTransform<I, O> {

  private final OriginTransform<I, O> transform;

  LiftedOriginTransform(OriginTransform<I, O> transform, int claims, Resources resources) {
    super(transform, claims, resources);
    this.transform = transform;
  }

  @Override
  Outcome process(I element, Origin origin) throws Exception {
    return transform.accept(element, origin.sources(), this);
  }
}
