/** Where the consumption of a partition begins, and begins again. Not API. */
@NullMarked
package dev.millrace.kafka.internal.start;

import org.jspecify.annotations.NullMarked;
