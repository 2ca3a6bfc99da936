/** Spans of publishers, for OpenTelemetry and Reactor; needs both. */
@NullMarked
package dev.millrace.kafka.tracing.reactor;

import org.jspecify.annotations.NullMarked;
