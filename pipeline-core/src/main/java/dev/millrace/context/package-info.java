/** Contexts: trees that carry cancellation, deadlines and values. */
@NullMarked
package dev.millrace.context;

import org.jspecify.annotations.NullMarked;
