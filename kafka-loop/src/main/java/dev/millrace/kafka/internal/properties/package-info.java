/** Checks of single settings and of Kafka's own properties. Not API. */
@NullMarked
package dev.millrace.kafka.internal.properties;

import org.jspecify.annotations.NullMarked;
