/** The start positions of partitions, at first and after a new history. Not API. */
@NullMarked
package dev.millrace.kafka.internal.start;

import org.jspecify.annotations.NullMarked;
