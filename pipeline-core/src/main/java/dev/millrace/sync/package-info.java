/** Structured tasks and what they synchronize with. */
@NullMarked
package dev.millrace.sync;

import org.jspecify.annotations.NullMarked;
