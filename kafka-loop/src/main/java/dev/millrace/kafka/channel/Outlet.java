package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.internal.Partition;
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
     * @param messages where messages go, if they go into a channel
     */
    Outlet create(
        Collection<Partition<K, V>> partitions, Pauses pauses, Channel<Message<K, V>> messages);
  }

  void start();

  /** There may be messages to take. Must not block. */
  void wake();

  /** Takes no more. */
  void stop();

  /** Waits until it has stopped. */
  void join() throws InterruptedException;

  boolean isAlive();
}
