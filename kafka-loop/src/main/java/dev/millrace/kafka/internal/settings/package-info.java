/** The settings of consumers and loops, and the clients that are made of them. Not API. */
@NullMarked
package dev.millrace.kafka.internal.settings;

import org.jspecify.annotations.NullMarked;
