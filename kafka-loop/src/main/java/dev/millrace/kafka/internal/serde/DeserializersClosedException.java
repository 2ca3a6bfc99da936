package dev.millrace.kafka.internal.serde;

/**
 * A record was not deserialized, because its consumer has ended and has closed its deserializers.
 * The record is not to blame, and will be redelivered.
 */
public final class DeserializersClosedException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  DeserializersClosedException() {
    super(
        "the consumer has ended and has closed its deserializers: the record will be redelivered");
  }
}
