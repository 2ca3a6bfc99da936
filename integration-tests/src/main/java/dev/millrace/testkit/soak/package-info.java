/**
 * The soak of pipelines: waves of thousands of runs at once in a process with a small heap, a part
 * of them cut short, and what is promised of every run checked after each.
 */
@NullMarked
package dev.millrace.testkit.soak;

import org.jspecify.annotations.NullMarked;
