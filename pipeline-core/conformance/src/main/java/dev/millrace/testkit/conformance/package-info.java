/**
 * The conformance kit: one suite of tests for every engine.
 *
 * <p>It is a Maven module of its own. It has no module descriptor, because tests run on the class
 * path. It depends only on {@code pipeline-core}. The author of an engine adds it with scope {@code
 * test}, and extends {@link dev.millrace.testkit.conformance.EngineConformance}.
 */
@NullMarked
package dev.millrace.testkit.conformance;

import org.jspecify.annotations.NullMarked;
