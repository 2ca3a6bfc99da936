/** JMH benchmarks, peers in the same run. */
@NullMarked
package dev.millrace.benchmarks;

import org.jspecify.annotations.NullMarked;
