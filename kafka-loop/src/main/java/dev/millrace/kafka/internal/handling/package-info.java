/** Attempts to handle records: deserialize, handle, retry, and dead letters. Not API. */
@NullMarked
package dev.millrace.kafka.internal.handling;

import org.jspecify.annotations.NullMarked;
