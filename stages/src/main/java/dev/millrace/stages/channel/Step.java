package dev.millrace.stages.channel;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.errors.Failure;

/**
 * The two ends of a step: the results, and the elements that the step failed on.
 *
 * <p>The caller must receive from both channels: a step whose failures are not received blocks at
 * the second failure. Both channels are closed when the step has ended.
 *
 * @param values the results, in the order in which they became ready
 * @param errors the failures
 * @param <I> the input type
 * @param <O> the output type
 */
public record Step<I, O>(ReceiveChannel<O> values, ReceiveChannel<Failure<I>> errors) {}
