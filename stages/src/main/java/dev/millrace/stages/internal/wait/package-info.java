/** How a thread waits for a condition that other threads make true. */
@NullMarked
package dev.millrace.stages.internal.wait;

import org.jspecify.annotations.NullMarked;
