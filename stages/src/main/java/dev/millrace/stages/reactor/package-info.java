/** Pipelines wired by hand over Project Reactor: producer, step, merge, sink. */
@NullMarked
package dev.millrace.stages.reactor;

import org.jspecify.annotations.NullMarked;
