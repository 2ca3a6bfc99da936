/** The settings that the builders of all consumers and loops share. */
@NullMarked
package dev.millrace.kafka.builder;

import org.jspecify.annotations.NullMarked;
