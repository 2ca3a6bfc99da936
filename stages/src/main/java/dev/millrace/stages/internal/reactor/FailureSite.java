package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.FailurePolicy;

/**
 * Where an element fails.
 *
 * @param stage the name of the stage
 * @param times the number of elements that the ledger counts for it: 2 for a pair of a zip
 */
record FailureSite(String stage, FailurePolicy policy, int times) {}
