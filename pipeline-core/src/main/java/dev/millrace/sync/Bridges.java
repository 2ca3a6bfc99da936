package dev.millrace.sync;

import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Producer;
import dev.millrace.channel.ReceiveChannel;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/**
 * The ways out of a channel that need a thread to wait for its elements: a virtual thread of a task
 * group, which ends with the group at the latest. {@link Producer} and {@link Generator} are the
 * ways into a channel.
 *
 * <p>Safe for use by many threads.
 */
public final class Bridges {

  private Bridges() {}

  /**
   * A publisher of the elements of the channel. It may be subscribed to any number of times; each
   * element goes to one of the subscribers, in the order in which the channel serves them.
   *
   * <p>Each subscription is a task of the group, whose thread gives all the signals, and takes an
   * element only when there is demand for it: one that it has taken is always handed on, cancelled
   * or not. Completion, and the cause of the close as an error, are signalled when the channel is
   * closed and drained; if the channel is closed while there is no demand, with the next request. A
   * cancelled group fails the subscription with a {@link CancellationException}. What a subscriber
   * throws, against the rules, fails the task, and so the group.
   *
   * <p>Obeys the rules of Reactive Streams (§1, §3), and passes their test kit.
   */
  public static <T> Flow.Publisher<T> publisher(TaskGroup group, ReceiveChannel<T> channel) {
    return new ChannelPublisher<>(group, channel);
  }

  /**
   * The next element of the channel, as a future; a task of the group waits for it. It fails with a
   * {@link ChannelClosedException} if there is none, and is cancelled with the group.
   *
   * <p>No element is lost: to cancel the future, or to complete it by other means (a timeout, say),
   * first gives up the receive, and does nothing if that has just taken an element.
   *
   * @throws IllegalStateException if the group is closed
   * @throws InterruptedException if the thread is interrupted while it waits for the group's limit
   */
  public static <T> CompletableFuture<T> next(TaskGroup group, ReceiveChannel<T> channel)
      throws InterruptedException {
    return NextElement.fork(group, channel);
  }
}
