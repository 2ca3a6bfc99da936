/** Meters of consumers, for Micrometer. Only this package needs it. */
@NullMarked
package dev.millrace.kafka.micrometer;

import org.jspecify.annotations.NullMarked;
