/**
 * The deserializers and serializers of the application, kept apart from Kafka's clients. Not API.
 */
@NullMarked
package dev.millrace.kafka.internal.serde;

import org.jspecify.annotations.NullMarked;
