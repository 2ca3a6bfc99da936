package dev.millrace.benchmarks;

/** As {@link ReactorPipelines}, but the thread that takes elements makes them as well. */
final class PublishOnPipelines implements Pipelines {

  @Override
  public long boundaries(int count, int boundaries) {
    // Hidden, as the first boundary is none at all otherwise: it would pull from the iterable.
    return ReactorPipelines.boundaries(ReactorPipelines.flux(count).hide(), boundaries);
  }

  @Override
  public long broadcast(int count, int branches) {
    return ReactorPipelines.broadcast(ReactorPipelines.flux(count), branches);
  }
}
