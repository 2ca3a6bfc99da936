/** Benchmarks of consumers against a real broker, peers in the same run. */
@NullMarked
package dev.millrace.benchmarks.kafka;

import org.jspecify.annotations.NullMarked;
