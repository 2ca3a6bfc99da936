package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Mapping;
import dev.millrace.pipeline.graph.Transform;
import java.util.function.Supplier;

/** A sequential stage of a compiled graph. */
record Stage(FailureSite site, Account account, Supplier<? extends Transform<?, ?>> transform) {

  /** Whether it makes one element of one; then {@link #open} returns a {@link Mapping}. */
  boolean isMapping() {
    return transform instanceof Mapping.Maker<?, ?>;
  }

  @SuppressWarnings("unchecked") // the blueprint has checked the types
  Transform<Object, Object> open() {
    return (Transform<Object, Object>) transform.get();
  }
}
