/** A backup of a directory with checksums, by the calendar. */
@NullMarked
package dev.millrace.samples.streams;

import org.jspecify.annotations.NullMarked;
