package dev.millrace.testkit.chaos;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Finds the record that a dead letter is about. */
@FunctionalInterface
interface LetterLookup {

  /** The position of a record. */
  record Position(int partition, long offset) {}

  /** The position of the record, from the headers of its letter. */
  Position of(ConsumerRecord<byte[], byte[]> letter);
}
