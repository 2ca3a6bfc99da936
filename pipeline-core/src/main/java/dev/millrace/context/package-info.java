/** Cancellation, deadlines and values that belong to a piece of work, as a tree. */
@NullMarked
package dev.millrace.context;

import org.jspecify.annotations.NullMarked;
