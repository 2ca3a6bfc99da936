/**
 * For tests of programs that use Millrace: a {@linkplain dev.millrace.test.Probe probe} for
 * pipelines, {@linkplain dev.millrace.test.VirtualTime virtual time}, and a {@linkplain
 * dev.millrace.test.NoLeaks check} for threads, runs and resources that a test leaves behind.
 */
@NullMarked
package dev.millrace.test;

import org.jspecify.annotations.NullMarked;
