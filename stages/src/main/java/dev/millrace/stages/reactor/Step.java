package dev.millrace.stages.reactor;

import dev.millrace.errors.Failure;
import reactor.core.publisher.Flux;

/**
 * The two views of a step: the results, and the elements that the step failed on.
 *
 * <p>Both views share one execution. It begins when both have a subscriber, and goes at the pace of
 * the slower one. Subscribe to each once, and to both at the same time: if the second subscription
 * waits for the end of the first, neither ends.
 *
 * @param values the results, in the order in which they became ready
 * @param errors the failures
 * @param <I> the input type
 * @param <O> the output type
 */
public record Step<I, O>(Flux<O> values, Flux<Failure<I>> errors) {}
