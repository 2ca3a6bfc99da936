/**
 * The soak of pipelines: waves of thousands of runs at once in a process with a small heap. Some of
 * the runs are cut short; the promises are checked after each run.
 */
@NullMarked
package dev.millrace.testkit.soak;

import org.jspecify.annotations.NullMarked;
