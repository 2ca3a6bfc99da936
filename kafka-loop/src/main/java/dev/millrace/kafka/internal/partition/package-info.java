/** One partition during one ownership: its records, their order, and its commits. Not API. */
@NullMarked
package dev.millrace.kafka.internal.partition;

import org.jspecify.annotations.NullMarked;
