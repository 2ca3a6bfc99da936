package dev.millrace.stages.internal.reactor;

import java.util.function.Supplier;
import reactor.core.publisher.Flux;

/**
 * A compiled node.
 *
 * @param flux its elements; to be subscribed to once
 * @param taps creates the callback that the next stage runs for every element it takes, in one
 *     thread at a time
 */
record Part(Flux<Object> flux, Supplier<Runnable> taps) {

  Runnable tap() {
    return taps.get();
  }
}
