package dev.millrace.kafka.internal.workers;

import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.Pauses;
import java.util.Collection;

/**
 * Takes messages from the partitions. The poll thread wakes it when there may be messages.
 * Thread-safe.
 */
public interface Outlet {

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

  /** Starts to take messages. */
  void start();

  /** There may be messages to take. Must not block. */
  void wake();

  /** The poll thread turns: each 100 ms or so. Must not block. */
  default void turned() {}

  /** Takes no more. */
  void stop();

  /**
   * Waits until it has stopped. An interrupt does not shorten the wait; the flag is set again
   * afterwards.
   *
   * @param deadline the end of the wait, as {@link System#nanoTime}
   * @return whether it has stopped
   */
  boolean join(long deadline);
}
