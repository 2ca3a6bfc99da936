/** A Kafka consumer loop that never loses a record: what its faces share. */
@NullMarked
package dev.millrace.kafka;

import org.jspecify.annotations.NullMarked;
