/** What people are told: log lines, guarded listeners, and where a thread stands. Not API. */
@NullMarked
package dev.millrace.kafka.internal.report;

import org.jspecify.annotations.NullMarked;
