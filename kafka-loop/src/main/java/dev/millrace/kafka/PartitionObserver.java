package dev.millrace.kafka;

/**
 * Receives the events of the records of one partition, from its assignment on. The rules of {@link
 * ConsumerObserver} apply: implementations must be thread-safe, must not block, and their
 * exceptions are logged and change nothing. Events of handlers that outlast their partition come
 * after {@link #released}.
 */
public interface PartitionObserver {

  /** Observes nothing. */
  PartitionObserver NONE = new PartitionObserver() {};

  /**
   * A record is settled: handled, or safe in the dead letters.
   *
   * @param nanoseconds the time since the record was polled
   */
  default void settled(long nanoseconds) {}

  /** The handler of a {@code KafkaLoop} has handled a record. */
  default void handled() {}

  /**
   * An attempt has failed.
   *
   * @param stage the step that failed: {@link DeadLetter#FETCH}, {@link DeadLetter#DESERIALIZE},
   *     {@link DeadLetter#HANDLE}, or {@link RecordFailedException#DEAD_LETTER}
   */
  default void failed(String stage) {}

  /** Another attempt to handle a record starts, after a failed one. */
  default void retried() {}

  /**
   * Records are settled without being deserialized or handled, by {@link
   * dev.millrace.kafka.builder.LoopBuilder#skipIf} or {@link
   * dev.millrace.kafka.builder.Routes#skipOthers}. Such a record is not {@link #settled}.
   *
   * @param records the number of records of one poll
   */
  default void skipped(long records) {}

  /** A record is safe in the dead letters. With transactions: its transaction is committed. */
  default void deadLettered(DeadLetter letter) {}

  /** The partition is no longer consumed, or another observer receives its events. */
  default void released() {}
}
