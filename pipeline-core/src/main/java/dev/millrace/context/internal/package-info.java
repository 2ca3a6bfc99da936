/** Parts of contexts for the other modules of this library only; not for applications. */
@NullMarked
package dev.millrace.context.internal;

import org.jspecify.annotations.NullMarked;
