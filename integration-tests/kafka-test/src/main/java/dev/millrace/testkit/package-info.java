/** A real Kafka broker for tests and demonstrations, with nothing installed. */
@NullMarked
package dev.millrace.testkit;

import org.jspecify.annotations.NullMarked;
