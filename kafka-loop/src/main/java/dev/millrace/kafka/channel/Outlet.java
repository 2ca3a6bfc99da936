package dev.millrace.kafka.channel;

import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.Pauses;
import java.util.Collection;

/** Who takes messages from the partitions; the poll thread tells it when there may be some. */
interface Outlet {

  /** Makes the outlet of a consumer. */
  @FunctionalInterface
  interface Factory<K, V> {
    /**
     * An outlet that is not started.
     *
     * @param partitions those of the consumer at any time; are changed by other threads
     * @param pauses which of them are left alone
     */
    Outlet create(Collection<Partition<K, V>> partitions, Pauses pauses);
  }

  void start();

  /** There may be messages to take. Must not block. */
  void wake();

  /** The poll thread turns: each 100 ms or so. Must not block. */
  default void turned() {}

  /** Takes no more. */
  void stop();

  /**
   * Waits until it has stopped, and not beyond that {@link System#nanoTime}; whether it has. An
   * interrupt is kept.
   */
  boolean join(long deadline);
}
