package dev.millrace.kafka;

import dev.millrace.kafka.internal.text.Brief;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * A record that no broker has acknowledged. The cause is the exception of the producer. The message
 * names the topic, the partition and the key of the record, and the next step, on one line. It does
 * not show the value. Thread-safe.
 */
public final class ProduceFailedException extends Exception {

  private static final long serialVersionUID = 1L;

  /** The longest text of a key in the message, in characters. */
  private static final int MAX_KEY = 100;

  private final String topic;
  private final int partition;

  ProduceFailedException(ProducerRecord<?, ?> record, int partition, Throwable cause) {
    super(
        "the record with the key '%s' was not produced to %s: %s. %s"
            .formatted(
                key(record), place(record.topic(), partition), Brief.of(cause), remedy(cause)),
        cause,
        true,
        false); // the trace of the cause says where it was
    this.topic = record.topic();
    this.partition = partition;
  }

  /** The topic of the record. */
  public String topic() {
    return topic;
  }

  /** The partition of the record; -1 if the producer had not chosen one. */
  public int partition() {
    return partition;
  }

  /** The text of the key of a record, on one line. */
  static String key(ProducerRecord<?, ?> record) {
    return switch (record.key()) {
      case null -> "null";
      case byte[] bytes -> bytes.length + " bytes";
      case Object key -> Brief.text(key, MAX_KEY);
    };
  }

  /** The topic, with the partition if it is known. */
  static String place(String topic, int partition) {
    return partition < 0 ? topic : topic + "-" + partition;
  }

  private static String remedy(Throwable cause) {
    return switch (cause) {
      case RecordTooLargeException _ ->
          "Send a smaller record, or raise max.request.size of the producer and"
              + " max.message.bytes of the topic";
      case TimeoutException _ ->
          "Check that the topic exists and that the brokers of bootstrap.servers answer, or raise"
              + " max.block.ms and delivery.timeout.ms";
      case ProducerFencedException _, InvalidProducerEpochException _ ->
          "Another producer has taken over: let only one of them run, and start the pipeline again";
      case AuthorizationException _ -> "Grant the right to write to the topic";
      case SerializationException _, ClassCastException _ ->
          "Give a serializer that fits the key and the value";
      case IllegalStateException _ ->
          "Only the sink may close its producer: start the pipeline again";
      default -> "Start the pipeline again, or handle the failure with a FailurePolicy";
    };
  }
}
