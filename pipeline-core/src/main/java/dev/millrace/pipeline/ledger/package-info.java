/** The counts of a run, for authors of engines. */
@NullMarked
package dev.millrace.pipeline.ledger;

import org.jspecify.annotations.NullMarked;
