package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.internal.handling.Handover;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.report.Ends;
import dev.millrace.kafka.internal.settings.Pauses;
import dev.millrace.kafka.internal.workers.Outlet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes messages from the partitions in turn, and sends them to a channel. Sending may block. So it
 * happens in a virtual thread, and the poll thread never waits.
 */
class Feeder<K, V> implements Outlet {

  private static final Logger LOG = LoggerFactory.getLogger(Feeder.class);

  private final String name;
  private final Collection<Partition<K, V>> partitions;
  private final Pauses pauses;
  private final Channel<Message<K, V>> messages;
  private final Channel<Boolean> ready = Channel.conflated();
  private final Handover<K, V> handover = new Handover<>(this::inThread);

  /** The threads that were started, the last of which feeds. */
  private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();

  private volatile boolean stopped;

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
    this.name = "millrace-feed-" + group;
    this.partitions = partitions;
    this.pauses = pauses;
    this.messages = messages;
  }

  @Override
  public void start() {
    inThread(() -> handover.run(this::run));
  }

  /** By the thread that starts the consumer, and then by the poll thread. */
  private void inThread(Runnable loop) {
    Thread thread = Thread.ofVirtual().name(name).unstarted(loop);
    threads.removeIf(one -> one.getState() == Thread.State.TERMINATED);
    threads.add(thread);
    thread.start();
    if (stopped) {
      thread.interrupt();
    }
  }

  @Override
  public void wake() {
    try {
      ready.trySend(true);
    } catch (ChannelClosedException e) {
      LOG.debug("a handler has ended after its consumer: {}", e.toString());
    }
  }

  @Override
  public void turned() {
    handover.look();
  }

  /** Is received from when there may be messages to take; closed at the end. */
  final ReceiveChannel<Boolean> ready() {
    return ready;
  }

  /** Deserializes what this feeds. */
  final Handover<K, V> handover() {
    return handover;
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
        Delivery<K, V> message = pauses.contains(partition.name()) ? null : partition.take();
        if (message != null) {
          any = true;
          handover.prepare(message); // here, where no thread waits for a deserializer
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
    stopped = true;
    threads.forEach(Thread::interrupt);
    ready.close();
  }

  @Override
  public boolean join(long deadline) {
    for (Thread thread : threads) {
      if (!Ends.join(thread, deadline)) {
        LOG.warn(
            "a deserializer has not returned, and its thread is left behind: {}",
            Ends.place(thread));
        return false;
      }
    }
    return true;
  }
}
