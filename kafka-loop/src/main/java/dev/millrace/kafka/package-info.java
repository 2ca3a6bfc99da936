/** A Kafka consumer loop that never loses a record: the parts that its faces share. */
@NullMarked
package dev.millrace.kafka;

import org.jspecify.annotations.NullMarked;
