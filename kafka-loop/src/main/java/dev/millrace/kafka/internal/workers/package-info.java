/**
 * The threads that call the handlers of a loop, and the order in which they take records. Not API.
 */
@NullMarked
package dev.millrace.kafka.internal.workers;

import org.jspecify.annotations.NullMarked;
