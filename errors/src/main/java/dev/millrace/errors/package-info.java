/** Failures as values: the element, its stage, the attempt, and the cause. */
@NullMarked
package dev.millrace.errors;

import org.jspecify.annotations.NullMarked;
