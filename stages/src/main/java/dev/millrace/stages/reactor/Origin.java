package dev.millrace.stages.reactor;

import dev.millrace.pipeline.FailurePolicy;

/**
 * Where an element fails.
 *
 * @param stage the name of the stage
 * @param times as how many elements the ledger counts it: 2 for a pair of a zip
 */
record Origin(String stage, FailurePolicy policy, int times) {}
