/**
 * A deterministic simulation of threads and time: a seed decides the whole schedule of a scenario.
 */
@NullMarked
package dev.millrace.testkit.simulation;

import org.jspecify.annotations.NullMarked;
