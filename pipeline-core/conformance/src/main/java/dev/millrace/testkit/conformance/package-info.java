/**
 * The conformance kit: one suite of tests for every engine.
 *
 * <p>It is a module of its own, with no module descriptor because tests run on the class path, and
 * knows only {@code pipeline-core}: whoever writes an engine depends on it in the scope of their
 * tests, and extends {@link dev.millrace.testkit.conformance.EngineConformance}.
 */
@NullMarked
package dev.millrace.testkit.conformance;

import org.jspecify.annotations.NullMarked;
