package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.internal.Deserialization;
import dev.millrace.kafka.internal.Ends;
import dev.millrace.kafka.internal.Partition;
import dev.millrace.kafka.internal.Pauses;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes messages from the partitions in turn, and sends them to a channel. Sending may block. So it
 * happens in a virtual thread, and the poll thread never waits.
 */
class Feeder<K, V> implements Outlet {

  private static final Logger LOG = LoggerFactory.getLogger(Feeder.class);

  private final Collection<Partition<K, V>> partitions;
  private final Pauses pauses;
  private final Channel<Message<K, V>> messages;
  private final Channel<Boolean> ready = Channel.conflated();
  private final Thread thread;

  /**
   * A feeder that is not started.
   *
   * @param partitions the partitions at any time; other threads may change them
   */
  Feeder(
      String group,
      Collection<Partition<K, V>> partitions,
      Pauses pauses,
      Channel<Message<K, V>> messages) {
    this.partitions = partitions;
    this.pauses = pauses;
    this.messages = messages;
    this.thread = Thread.ofVirtual().name("millrace-feed-" + group).unstarted(this::run);
  }

  @Override
  public void start() {
    thread.start();
  }

  @Override
  public void wake() {
    ready.trySend(true);
  }

  /** Receives a value when there may be messages to take; closed at the end. */
  final ReceiveChannel<Boolean> ready() {
    return ready;
  }

  private void run() {
    try {
      feed();
    } catch (InterruptedException | ChannelClosedException e) {
      LOG.debug("the feeder ends: {}", e.toString());
    }
  }

  /** The work of the thread, until {@link #ready} is closed. */
  void feed() throws InterruptedException {
    List<Partition<K, V>> turn = new ArrayList<>();
    while (true) {
      turn.clear();
      turn.addAll(partitions);
      boolean any = false;
      for (Partition<K, V> partition : turn) {
        Message<K, V> message = pauses.contains(partition.name()) ? null : partition.take();
        if (message != null) {
          any = true;
          Deserialization.succeeds(message); // here, where this thread holds no lock
          messages.send(message);
        }
      }
      if (!any && ready.receiveOrNull() == null) {
        return;
      }
    }
  }

  @Override
  public void stop() {
    thread.interrupt();
    ready.close();
  }

  @Override
  public void join(long deadline) {
    Ends.join(thread, deadline);
  }
}
