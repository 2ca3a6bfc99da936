/** Meters, observations and thread locals of runs, by the libraries of Micrometer. */
@NullMarked
package dev.millrace.stages.micrometer;

import org.jspecify.annotations.NullMarked;
