package dev.millrace.stages.reactor;

import dev.millrace.errors.Failure;
import reactor.core.publisher.Flux;

/**
 * The two views of a step: what it made, and the elements that it failed on.
 *
 * <p>They share one execution, which begins when both are subscribed to, and goes at the pace of
 * the slower one. Subscribe to each once, at the same time: one after the other never ends.
 *
 * @param values the results, in the order in which they became ready
 * @param errors the failures
 * @param <I> the input type
 * @param <O> the output type
 */
public record Step<I, O>(Flux<O> values, Flux<Failure<I>> errors) {}
