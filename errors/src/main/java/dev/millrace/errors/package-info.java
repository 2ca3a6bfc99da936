/** Failures as values: what failed, in which stage, at which attempt, and why. */
@NullMarked
package dev.millrace.errors;

import org.jspecify.annotations.NullMarked;
