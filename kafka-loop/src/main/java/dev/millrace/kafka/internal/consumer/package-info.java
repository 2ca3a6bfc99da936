/** The consumer core: polls, rebalances, back pressure, and the end. Not API. */
@NullMarked
package dev.millrace.kafka.internal.consumer;

import org.jspecify.annotations.NullMarked;
