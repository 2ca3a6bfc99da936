package dev.millrace.pipeline;

import dev.millrace.context.Context;
import java.util.Objects;

/**
 * A source whose elements are settled or abandoned. A pipeline with such a source is {@linkplain
 * Lift lifted} when it is started.
 */
record SettlingSource<T>(Source<T> source, Settlement<? super T> settlement) implements Source<T> {

  SettlingSource {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(settlement, "settlement");
  }

  @Override
  public SourceFailure onFailure() {
    return source.onFailure();
  }

  @Override
  public Source<T> onFailure(SourceFailure policy) {
    return new SettlingSource<>(source.onFailure(policy), settlement);
  }

  /** Always throws: without a lift, no element would be settled. */
  @Override
  public Cursor<T> open(Context context) {
    throw new IllegalStateException(
        "the elements of this source would never be settled: start the pipeline by Pipeline.start,"
            + " not by Engine.start");
  }
}
