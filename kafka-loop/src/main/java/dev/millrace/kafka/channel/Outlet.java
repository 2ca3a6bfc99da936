package dev.millrace.kafka.channel;

import dev.millrace.kafka.internal.Partition;
import dev.millrace.kafka.internal.Pauses;
import java.util.Collection;

/**
 * Takes messages from the partitions. The poll thread wakes it when there may be messages.
 * Thread-safe.
 */
interface Outlet {

  /** Makes the outlet of a consumer. */
  @FunctionalInterface
  interface Factory<K, V> {
    /**
     * An outlet that is not started.
     *
     * @param partitions the partitions of the consumer at any time; other threads change them
     * @param pauses the partitions that the outlet must not take from
     */
    Outlet create(Collection<Partition<K, V>> partitions, Pauses pauses);
  }

  void start();

  /** There may be messages to take. Must not block. */
  void wake();

  /** Stops taking messages. */
  void stop();

  /**
   * Waits until the outlet has stopped, at most until the deadline. An interrupt does not shorten
   * the wait; the flag is set again afterwards.
   *
   * @param deadline as {@link System#nanoTime}
   */
  void join(long deadline);
}
