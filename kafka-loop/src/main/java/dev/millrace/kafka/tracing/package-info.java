/** Spans of what handlers do, for OpenTelemetry; the one package that needs it. */
@NullMarked
package dev.millrace.kafka.tracing;

import org.jspecify.annotations.NullMarked;
