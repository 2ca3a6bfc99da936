/** The engine on Project Reactor. */
@NullMarked
package dev.millrace.stages.internal.reactor;

import org.jspecify.annotations.NullMarked;
