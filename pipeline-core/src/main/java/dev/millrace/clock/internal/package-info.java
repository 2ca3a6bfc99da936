/** The clock of this library, for its own modules only; not for applications. */
@NullMarked
package dev.millrace.clock.internal;

import org.jspecify.annotations.NullMarked;
