package dev.millrace.kafka;

/**
 * Is told what becomes of the records of a partition, from when it is assigned on; as said at
 * {@link ConsumerObserver}. Handlers that outlast their partition are told of after {@link
 * #released}.
 */
public interface PartitionObserver {

  /** Observes nothing. */
  PartitionObserver NONE = new PartitionObserver() {};

  /** A record is settled, that long after it was polled: handled, or safe in the dead letters. */
  default void settled(long nanoseconds) {}

  /** The handler of a {@code KafkaLoop} has handled a record. */
  default void handled() {}

  /**
   * An attempt has failed.
   *
   * @param stage at what: {@link DeadLetter#FETCH}, {@link DeadLetter#DESERIALIZE}, {@link
   *     DeadLetter#HANDLE}, or {@link RecordFailedException#DEAD_LETTER}
   */
  default void failed(String stage) {}

  /** Another attempt to handle a record begins, after one that has failed. */
  default void retried() {}

  /** A record is safe in the dead letters; with transactions, when they are committed. */
  default void deadLettered(DeadLetter letter) {}

  /** The partition is not consumed any more, or by another observer. */
  default void released() {}
}
