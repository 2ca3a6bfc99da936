/** Pipelines as values: a typed blueprint that any engine can run. */
@NullMarked
package dev.millrace.pipeline;

import org.jspecify.annotations.NullMarked;
