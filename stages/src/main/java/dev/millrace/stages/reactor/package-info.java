/**
 * Project Reactor's side: the engine that runs pipelines over it, pipes as fluxes and publishers as
 * sources, and pipelines wired by hand (producer, step, merge, sink).
 */
@NullMarked
package dev.millrace.stages.reactor;

import org.jspecify.annotations.NullMarked;
