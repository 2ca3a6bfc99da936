/** Verifies the jars of a local Maven repository, through Kafka. */
@NullMarked
package dev.millrace.samples.verify;

import org.jspecify.annotations.NullMarked;
