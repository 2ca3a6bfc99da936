/** Ranges of offsets, and their text in the metadata of a commit. Not API. */
@NullMarked
package dev.millrace.kafka.internal.offsets;

import org.jspecify.annotations.NullMarked;
