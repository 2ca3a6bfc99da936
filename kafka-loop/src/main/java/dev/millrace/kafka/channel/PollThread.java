package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.internal.consumer.ConsumerCore;
import dev.millrace.kafka.internal.consumer.PollLoop;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.report.Ends;
import dev.millrace.kafka.internal.settings.Batching;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The poll thread, and the channels that it fills. It waits for the application only in a
 * rebalance: otherwise the outlet does the waiting. The poll thread and the outlet share the
 * partitions of the core.
 */
final class PollThread<K, V> implements ConsumerCore.Listener {

  private static final Logger LOG = LoggerFactory.getLogger(PollThread.class);

  private static final int EVENTS = 1000;
  private static final int READY = 16;

  /** Extra time for a busy machine, beyond the deadline that the core itself keeps. */
  private static final Duration SPARE = Duration.ofMillis(500);

  private final Channel<Message<K, V>> messages = Channel.buffered(READY);
  private final Channel<List<Delivery<K, V>>> batches = Channel.rendezvous();
  private final Channel<Exception> errors = Channel.dropOldest(EVENTS);
  private final Channel<Notification> notifications = Channel.dropOldest(EVENTS);
  private final ConsumerCore<K, V> core;
  private final Outlet outlet;
  private final Thread thread;

  /**
   * A poll thread that is not started.
   *
   * @param outlets makes the outlet that takes the messages; null for the channels
   */
  PollThread(ConsumerSettings<K, V> settings, Outlet.@Nullable Factory<K, V> outlets) {
    this.core = new ConsumerCore<>(settings, this);
    this.outlet =
        outlets == null ? feeder(settings) : outlets.create(core.partitions(), core.pauses());
    this.thread = new PollLoop(settings.group(), core, this::end).thread();
  }

  private Outlet feeder(ConsumerSettings<K, V> settings) {
    Batching batching = settings.batching;
    return batching == null
        ? new Feeder<>(settings.group(), core.partitions(), core.pauses(), messages)
        : new BatchFeeder<>(
            settings, batching, core.partitions(), core.pauses(), messages, batches);
  }

  void start() {
    thread.start();
    outlet.start();
  }

  ConsumerCore<K, V> core() {
    return core;
  }

  Channel<Message<K, V>> messages() {
    return messages;
  }

  Channel<List<Delivery<K, V>>> batches() {
    return batches;
  }

  Channel<Exception> errors() {
    return errors;
  }

  Channel<Notification> notifications() {
    return notifications;
  }

  /**
   * Stops the threads and waits for them; whether they have ended by the deadline. A call by the
   * poll thread does not wait.
   *
   * @param deadline as {@link System#nanoTime}
   */
  boolean close(long deadline) {
    core.stop(deadline);
    if (core.isPollThread()) {
      return false;
    }
    long last = deadline + SPARE.toNanos();
    boolean ended = Ends.join(thread, last);
    long patience = System.nanoTime() + core.closeTimeout().dividedBy(4).toNanos();
    boolean _ = outlet.join(patience - last < 0 ? patience : last); // says itself what is left
    return ended;
  }

  /** The innermost calls of the poll thread, for people. */
  String place() {
    return Ends.place(thread);
  }

  private void end(@Nullable Throwable why) {
    outlet.stop();
    for (Channel<?> channel : List.of(messages, batches, errors, notifications)) {
      if (why == null) {
        channel.close();
      } else {
        channel.close(why);
      }
    }
  }

  // Events of the core

  @Override
  public void ready() {
    outlet.wake();
  }

  @Override
  public void turned() {
    outlet.turned();
  }

  @Override
  public void survived(Exception error) {
    if (!offer(error)) {
      LOG.warn("after the end of the consumer", error);
    }
  }

  /** Puts it into the channel; false if that is closed, as the consumer has ended. */
  boolean offer(Exception error) {
    if (errors.size() == EVENTS) {
      LOG.warn("errors() is full: the oldest error is dropped; receive the errors");
    }
    LOG.debug("the consumer goes on after", error);
    try {
      errors.trySend(error);
      return true;
    } catch (ChannelClosedException e) {
      return false;
    }
  }

  @Override
  public void rebalanced(Notification change) {
    if (notifications.size() == EVENTS) {
      LOG.warn(
          "notifications() is full: the oldest notification is dropped; receive the notifications");
    }
    notifications.trySend(change);
  }
}
