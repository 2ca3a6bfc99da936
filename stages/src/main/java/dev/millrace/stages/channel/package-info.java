/** Pipelines wired by hand over channels: producer, step, merge, sink. */
@NullMarked
package dev.millrace.stages.channel;

import org.jspecify.annotations.NullMarked;
