package dev.millrace.stages.internal.reactor;

import java.util.function.Supplier;
import reactor.core.publisher.Flux;

/**
 * A compiled node.
 *
 * @param flux what it emits; to be subscribed to once
 * @param taps makes what the stage after it calls, in one thread at a time, with each element that
 *     it has taken
 */
record Part(Flux<Object> flux, Supplier<Runnable> taps) {

  Runnable tap() {
    return taps.get();
  }
}
