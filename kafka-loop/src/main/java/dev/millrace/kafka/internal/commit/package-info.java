/** Commits of settled records, with and without transactions. Not API. */
@NullMarked
package dev.millrace.kafka.internal.commit;

import org.jspecify.annotations.NullMarked;
