/** The engine over channels and virtual threads; not exported. */
@NullMarked
package dev.millrace.stages.internal.channel;

import org.jspecify.annotations.NullMarked;
