/** Spans of handlers, for OpenTelemetry. Only this package and its subpackages need it. */
@NullMarked
package dev.millrace.kafka.tracing;

import org.jspecify.annotations.NullMarked;
