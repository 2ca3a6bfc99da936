package dev.millrace.pipeline;

import dev.millrace.context.Context;
import java.util.Objects;

/**
 * A source whose elements do not need it open: the run closes its cursor as soon as the cursor has
 * ended.
 */
interface IndependentSource<T> extends Source<T> {

  @Override
  default Source<T> onFailure(SourceFailure policy) {
    Objects.requireNonNull(policy, "policy");
    IndependentSource<T> source = this;
    return new IndependentSource<>() {
      @Override
      public Cursor<T> open(Context context) throws Exception {
        return source.open(context);
      }

      @Override
      public SourceFailure onFailure() {
        return policy;
      }
    };
  }
}
