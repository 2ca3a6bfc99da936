/** Meters of what consumers do, for Micrometer; the one package that needs it. */
@NullMarked
package dev.millrace.kafka.micrometer;

import org.jspecify.annotations.NullMarked;
