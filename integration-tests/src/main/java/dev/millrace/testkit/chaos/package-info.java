/**
 * The proof that the loop never loses a record: workers in processes of their own, a conductor that
 * disturbs them by a seed, and an oracle that checks the invariants.
 */
@NullMarked
package dev.millrace.testkit.chaos;

import org.jspecify.annotations.NullMarked;
