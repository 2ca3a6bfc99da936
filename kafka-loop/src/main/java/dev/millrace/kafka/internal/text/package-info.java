/** Texts of failures, and the names of the loggers. Not API. */
@NullMarked
package dev.millrace.kafka.internal.text;

import org.jspecify.annotations.NullMarked;
