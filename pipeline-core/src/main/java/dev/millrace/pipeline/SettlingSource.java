package dev.millrace.pipeline;

import dev.millrace.context.Context;
import java.util.Objects;

/**
 * A source whose elements want to be told of their end. A pipeline that has one is {@linkplain Lift
 * lifted} when it is started.
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

  /** Never gives an element that nobody would settle. */
  @Override
  public Cursor<T> open(Context context) {
    throw new IllegalStateException(
        "nobody would settle the elements of this source: start the pipeline by its own method"
            + " start, not by the engine's");
  }
}
