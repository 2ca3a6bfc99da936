/**
 * The Kafka loop for Reactor, over the receiver of Reactor Kafka, and the consumer as a flux.
 *
 * <p>{@link dev.millrace.kafka.reactor.ReactorKafkaLoop} needs {@code reactor-kafka}, 1.3.25 or
 * newer, on the class path. {@link dev.millrace.kafka.reactor.MessageFlux} needs only {@code
 * reactor-core}.
 */
@NullMarked
package dev.millrace.kafka.reactor;

import org.jspecify.annotations.NullMarked;
