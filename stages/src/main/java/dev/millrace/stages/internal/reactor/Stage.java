package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.transform.Mapping;
import dev.millrace.pipeline.transform.Transform;
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
