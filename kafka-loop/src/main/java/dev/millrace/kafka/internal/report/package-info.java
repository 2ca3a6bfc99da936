/** Reports for people: log lines, guarded listeners, and the place of a thread. Not API. */
@NullMarked
package dev.millrace.kafka.internal.report;

import org.jspecify.annotations.NullMarked;
