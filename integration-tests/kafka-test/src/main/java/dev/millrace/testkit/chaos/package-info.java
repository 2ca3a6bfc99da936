/**
 * The proof that a consumer loses no record: its processes are disturbed by a seed, and an oracle
 * checks the invariants. {@link dev.millrace.testkit.chaos.ConsumerProof} is the entry.
 */
@NullMarked
package dev.millrace.testkit.chaos;

import org.jspecify.annotations.NullMarked;
