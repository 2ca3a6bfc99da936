/**
 * What makes a stage's function resilient: retry, timeout, circuit breaker, hedge, bulkhead. Each
 * is put around a function, and gives a function for any stage of any engine:
 *
 * <pre>{@code
 * var retry = Retry.of(Backoff.exponential(ofMillis(100), ofSeconds(5)).withFullJitter(), 4);
 * var breaker = CircuitBreaker.of(5, ofSeconds(30));
 * var timeout = Timeout.of(ofSeconds(2));
 * pipe.mapParallel("enrich", 64, retry.around(breaker.around(timeout.around(this::lookup))));
 * }</pre>
 *
 * <p>The order matters: what is inside happens for each attempt of what is outside. That of the
 * example is the usual one. All of them obey a cancelled run: they are interrupted with the
 * function that they are around, and none holds an interrupt back or calls the function again after
 * one.
 *
 * <p>They are around the call: for a function that returns a {@code CompletionStage}, as {@code
 * mapAsync} takes it, around what returns the stage, not around what completes it. A blocking
 * function in {@code mapParallel} has no such gap.
 */
@NullMarked
package dev.millrace.stages;

import org.jspecify.annotations.NullMarked;
