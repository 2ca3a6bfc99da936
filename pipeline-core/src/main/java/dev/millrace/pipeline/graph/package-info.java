/**
 * The parts of a blueprint, for authors of engines: the kinds of nodes, of which all operators are
 * made, and the ledger of a run.
 */
@NullMarked
package dev.millrace.pipeline.graph;

import org.jspecify.annotations.NullMarked;
