/**
 * Decorators that make a stage's function resilient: retry, timeout, circuit breaker, hedge,
 * bulkhead. Each is put around a function, and gives a function for any stage of any engine:
 *
 * <pre>{@code
 * var retry = Retry.of(Backoff.exponential(ofMillis(100), ofSeconds(5)).withFullJitter(), 4);
 * var breaker = CircuitBreaker.of(5, ofSeconds(30));
 * var timeout = Timeout.of(ofSeconds(2));
 * pipe.mapParallel("enrich", 64, retry.around(breaker.around(timeout.around(this::lookup))));
 * }</pre>
 *
 * <p>The order matters: an inner decorator acts in each attempt of an outer one. The order of the
 * example is the usual one. All of them obey a cancelled run: they are interrupted with the
 * function that they are around, and none holds an interrupt back or calls the function again after
 * one.
 *
 * <p>The decorators wrap the call. A function that returns a {@code CompletionStage}, as {@code
 * mapAsync} takes it, has returned before the stage completes: the decorators do not see a later
 * failure. A blocking function in {@code mapParallel} has no such gap.
 */
@NullMarked
package dev.millrace.stages;

import org.jspecify.annotations.NullMarked;
