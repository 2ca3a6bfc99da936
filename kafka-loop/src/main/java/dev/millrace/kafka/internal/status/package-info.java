/** How a consumer is doing: health, lag, latencies, and the recent events. Not API. */
@NullMarked
package dev.millrace.kafka.internal.status;

import org.jspecify.annotations.NullMarked;
