package dev.millrace.kafka.share;

import dev.millrace.clock.internal.Time;
import java.time.Duration;

/**
 * The time of the locks of one member's records, and the stalls that may have used it up. For the
 * member's thread, except {@link #idle}.
 */
/*
 * A frozen process, and a process without its broker, does not see the end of a lock. So a worker
 * begins an attempt only within two thirds of a lock's time. That time begins when the lock was asked
 * for, because the broker cannot have granted it earlier. Otherwise the worker hands the record back
 * with 'mayBeLost', and the member's thread renews the lock first. Renewals begin after one third, so
 * this happens only if they are late.
 *
 * A granted renewal proves nothing once the lock may have ended. The broker also grants a renewal
 * for a record that another member has accepted, if all earlier records are finished. So the member
 * does not renew but releases a record in two cases. A worker hands the record back after the
 * lock's time, or the client may have held the record for two thirds of that time.
 *
 * The client may hold several batches, and does not report their age. A poll without a wait returns
 * only records that the client holds already. So after a long time without a fetch, such polls come
 * first, and their records are released until one is empty. After a stall of the member's thread, an
 * old answer may also wait in the socket. So the member first gives the client's own thread a moment
 * to read it. Records that come later were asked for later.
 */
final class LockTime {

  /**
   * A lock is renewed after this part of its time, so that two attempts may fail. In the last part
   * no attempt begins.
   */
  private static final int PART = 3;

  /** After a stall, the time in which the client reads answers of before the stall. */
  private static final Duration SETTLE = Duration.ofSeconds(1);

  /** The time of a lock until the broker has reported it: Kafka's shortest one by default. */
  private static final Duration UNKNOWN_LOCK = Duration.ofSeconds(15);

  private Duration lock = UNKNOWN_LOCK;

  /** When the member has asked for new records last. */
  private long fetchedAt = Time.nanoTime();

  /** In nanoseconds, the longest turn since the client was known to hold no old records. */
  private long longestTurn;

  /** The end of the last stall of the member's thread. */
  private long stalledUntil = Time.nanoTime() - SETTLE.toNanos();

  /** The end of the last turn. Written by the member's thread, read by any. */
  private volatile long turnedAt = Time.nanoTime();

  /** The first turn begins. */
  void begin() {
    fetchedAt = Time.nanoTime();
    turnedAt = Time.nanoTime();
  }

  /** A turn has ended. */
  void turned() {
    long now = Time.nanoTime();
    long took = now - turnedAt;
    longestTurn = Math.max(longestTurn, took);
    if (took >= lastPart()) {
      stalledUntil = now;
    }
    turnedAt = now;
  }

  /** In nanoseconds, the time since the last turn ended. For any thread. */
  long idle() {
    return Time.nanoTime() - turnedAt;
  }

  /** The broker has reported the time of a lock. */
  void lasts(Duration time) {
    lock = time;
  }

  /** A poll for new records has returned. */
  void fetched() {
    fetchedAt = Time.nanoTime();
  }

  /** A poll without a wait, begun at this time, has shown that the client holds no records. */
  void clientIsEmpty(long asked) {
    fetchedAt = asked;
    longestTurn = 0;
  }

  /** When the locks of the records of the present poll were asked for, at the earliest. */
  long askedAt() {
    return fetchedAt;
  }

  /** Whether answers of before a stall have had their time to arrive. */
  boolean hasSettled(long now) {
    return now - stalledUntil >= SETTLE.toNanos();
  }

  /** Whether the client may hold records whose locks are in their last part. */
  boolean clientMayHoldOldRecords(long now) {
    return Math.max(longestTurn, now - fetchedAt) >= lastPart();
  }

  /** Whether a poll that has returned now was long enough for a lock to come to its last part. */
  boolean stalledIn(long now) {
    return Math.max(longestTurn, now - turnedAt) >= lastPart();
  }

  /** Whether records that were asked for last are due for renewal. */
  boolean isDue(long now, Duration maxPollInterval) {
    return now - fetchedAt > interval(maxPollInterval).toNanos();
  }

  /** The time after which locks are renewed. */
  Duration interval(Duration maxPollInterval) {
    return (lock.compareTo(maxPollInterval) < 0 ? lock : maxPollInterval).dividedBy(PART);
  }

  /** Whether a lock that was asked for at this time may have ended. */
  boolean mayHaveEnded(long askedAt) {
    return Time.nanoTime() - askedAt >= lock.toNanos();
  }

  /** Until when attempts may begin under a lock that was asked for at this time. */
  long until(long askedAt) {
    return askedAt + lastPart();
  }

  /** In nanoseconds, the time from a lock's begin to its last part. */
  private long lastPart() {
    return lock.multipliedBy(PART - 1).dividedBy(PART).toNanos();
  }
}
