package dev.millrace.benchmarks;

/** Like {@link ReactorPipelines}, but the thread that takes elements also makes them. */
final class PublishOnPipelines implements Pipelines {

  @Override
  public long boundaries(int count, int boundaries) {
    // Hidden: otherwise the first publishOn would pull from the iterable, and be no boundary.
    return ReactorPipelines.boundaries(ReactorPipelines.flux(count).hide(), boundaries);
  }

  @Override
  public long broadcast(int count, int branches) {
    return ReactorPipelines.broadcast(ReactorPipelines.flux(count), branches);
  }
}
