/** The clock behind virtual time. No API: only its name stands in the arguments of a JVM. */
@NullMarked
package dev.millrace.test.internal;

import org.jspecify.annotations.NullMarked;
