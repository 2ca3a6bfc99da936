package dev.millrace.kafka;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A record that the loop has handed out, with the methods that settle it.
 *
 * <p>Call {@link #begin} first. If it returns false, drop the message: its partition belongs to
 * another member now. Otherwise handle the record, then call {@link #settle}, or {@link #abandon}
 * if the record was not handled. An abandoned message may begin again. Messages that wait for this
 * one, by the {@link Ordering}, are handed out when it is settled.
 *
 * <p>Thread-safe. {@link #record} may block as long as the deserializers do; no other method
 * blocks. Beginning and settling take constant time.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public interface Message<K, V> {

  /**
   * The record. If it could not be deserialized, each call tries again.
   *
   * @throws org.apache.kafka.common.errors.RecordDeserializationException if the key or the value
   *     cannot be deserialized. The message must be settled nevertheless: until then, nothing
   *     behind it is committed
   */
  ConsumerRecord<K, V> record();

  /** The record as it was sent. Do not change its bytes or its headers. */
  ConsumerRecord<byte[], byte[]> raw();

  /**
   * Marks the message as running. False if its partition was revoked or lost: do not handle it
   * then.
   */
  boolean begin();

  /**
   * Marks the message as settled. Its offset may be committed when all records before it are
   * settled. Does nothing if its partition was revoked or lost, even if this member owns the
   * partition again.
   */
  void settle();

  /** Marks the message as not running. Does nothing if it is settled or was not running. */
  void abandon();
}
