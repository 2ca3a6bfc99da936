/** Structured tasks, and the means to synchronize them. */
@NullMarked
package dev.millrace.sync;

import org.jspecify.annotations.NullMarked;
