package dev.millrace.stages.reactor;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Transform;
import java.util.function.Supplier;

/** A sequential stage of a compiled graph. */
record Stage(Origin origin, Account account, Supplier<? extends Transform<?, ?>> transform) {

  @SuppressWarnings("unchecked") // the blueprint has checked the types
  Transform<Object, Object> open() {
    return (Transform<Object, Object>) transform.get();
  }
}
