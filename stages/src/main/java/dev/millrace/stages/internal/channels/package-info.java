/** The engine on channels and virtual threads. */
@NullMarked
package dev.millrace.stages.internal.channels;

import org.jspecify.annotations.NullMarked;
