/** The Kafka loop over kafka-clients, channels and virtual threads. */
@NullMarked
package dev.millrace.kafka.channel;

import org.jspecify.annotations.NullMarked;
