package dev.millrace.kafka.share;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.StuckHandlerException;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A record that this member holds: the broker has given it to no other member, as long as its lock
 * lasts. Fields say which thread uses them.
 */
final class HeldRecord<K, V> {

  final Member<K, V> member;
  final Share share;
  private final long since = Time.nanoTime();

  /** Written by the poll thread, read by workers: the record as it was delivered last. */
  private volatile ConsumerRecord<byte[], byte[]> raw;

  /** The number of attempts so far. Used by one worker at a time. */
  int attempts;

  /** The deserialized record; null before the first success. Used by one worker at a time. */
  @Nullable ConsumerRecord<K, V> record;

  /**
   * The acknowledgement for the broker; null while the record is not finished. Used by the poll
   * thread.
   */
  @Nullable AcknowledgeType outcome;

  /**
   * Whether its lock must be renewed before it is handled; no worker has it then. Used by the poll
   * thread.
   */
  boolean isOld;

  /**
   * When its lock was asked for last, as {@link System#nanoTime}. The lock does not end before this
   * time and the time of a lock, if the broker has granted it. Used by the poll thread.
   */
  long askedAt;

  /**
   * Until when an attempt may begin, as {@link System#nanoTime}. Written by the poll thread, read
   * by workers.
   */
  private volatile long lockedUntil;

  /** The thread that works on the record now; null if there is none. Written by that thread. */
  private volatile @Nullable Thread worker;

  /** When the first attempt began, as {@link System#nanoTime}; 0 before. Written by a worker. */
  private volatile long begunAt;

  HeldRecord(Member<K, V> member, Share share, ConsumerRecord<byte[], byte[]> raw) {
    this.member = member;
    this.share = share;
    this.raw = raw;
  }

  ConsumerRecord<byte[], byte[]> raw() {
    return raw;
  }

  /** The broker has delivered the record again, while it is still handled here. */
  void deliveredAgain(ConsumerRecord<byte[], byte[]> again) {
    raw = again;
  }

  /** The broker has granted the lock; attempts may begin until the given time. */
  void locked(long until) {
    lockedUntil = until;
  }

  /**
   * Whether an attempt may begin. After that time, the lock may have ended, and the broker does not
   * report it.
   */
  boolean isLocked() {
    return Time.nanoTime() - lockedUntil < 0;
  }

  /** The number of this delivery, from 1. */
  int delivery() {
    return raw.deliveryCount().map(Short::intValue).orElse(1);
  }

  /** The calling thread works on the record from now on. */
  void begin() {
    if (begunAt == 0) {
      begunAt = Time.nanoTime() | 1; // never 0
    }
    worker = Thread.currentThread();
  }

  /** The calling thread does not work on the record any more. */
  void pause() {
    worker = null;
  }

  /** In nanoseconds, the time since the first attempt began; 0 before. */
  long age() {
    long begun = begunAt;
    return begun == 0 ? 0 : Time.nanoTime() - begun;
  }

  /** In nanoseconds, the time since the record was polled. */
  long latency() {
    return Time.nanoTime() - since;
  }

  /** The exception for a record whose handler ignores its interrupt; null if no handler has it. */
  @Nullable StuckHandlerException stuck(String group) {
    Thread known = worker;
    return known == null
        ? null
        : new StuckHandlerException(group, share.partition(), raw.offset(), known);
  }

  @Override
  public String toString() {
    return "%s at offset %d".formatted(share.partition(), raw.offset());
  }
}
