package dev.millrace.kafka;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A record that was handed out, and what becomes of it.
 *
 * <p>First {@link #begin}, and if that is false drop it, as its partition belongs to somebody else
 * by now; then handle it; then {@link #settle} it, or {@link #abandon} it if it was not handled. An
 * abandoned message may begin again. Those that wait for it, by the {@link Ordering}, are handed
 * out when it is settled.
 *
 * <p>Safe for use by many threads. {@link #record} may take as long as the deserializers do;
 * nothing else blocks. Beginning and settling take constant time.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public interface Message<K, V> {

  /**
   * The record. One that could not be deserialized is tried again by each call.
   *
   * @throws org.apache.kafka.common.errors.RecordDeserializationException if its key or value can
   *     not be deserialized; it must be settled nevertheless, or nothing after it is ever committed
   */
  ConsumerRecord<K, V> record();

  /** The record as it was sent; neither its bytes nor its headers may be changed. */
  ConsumerRecord<byte[], byte[]> raw();

  /** Marks it as running; false if its partition was taken away: do not handle it. */
  boolean begin();

  /**
   * Marks it as settled, so that it may be committed once all before it are. Does nothing if its
   * partition was taken away, even if that came back.
   */
  void settle();

  /** Marks it as not running any more. Does nothing if it is settled, or was not running. */
  void abandon();
}
