/**
 * What a blueprint consists of, for those who write an engine: a handful of kinds of nodes, of
 * which all operators are made, and the ledger that a run keeps.
 */
@NullMarked
package dev.millrace.pipeline.graph;

import org.jspecify.annotations.NullMarked;
