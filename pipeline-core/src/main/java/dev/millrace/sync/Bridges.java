package dev.millrace.sync;

import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Producer;
import dev.millrace.channel.ReceiveChannel;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/**
 * Conversions of a channel that need a thread to wait for its elements. The thread is a virtual
 * thread of a task group; it ends at the latest with the group. {@link Producer} and {@link
 * Generator} are the ways into a channel.
 *
 * <p>Thread-safe.
 */
public final class Bridges {

  private Bridges() {}

  /**
   * A publisher of the elements of the channel. It accepts any number of subscribers. Each element
   * goes to exactly one of them, in the order in which the channel serves its receivers.
   *
   * <p>Each subscription is a task of the group. The thread of the task calls all methods of the
   * subscriber. It takes an element only when there is demand, and always delivers an element that
   * it has taken, even after a cancellation. When the channel is closed and drained, the subscriber
   * gets {@code onComplete}, or {@code onError} with the cause of the close. If there is no demand
   * at that time, it gets this signal after its next request. If the group is cancelled, the
   * subscriber gets a {@link CancellationException}. If a subscriber throws, against the rules, the
   * task fails, and so does the group.
   *
   * <p>Obeys the rules of Reactive Streams (§1, §3), and passes their test kit.
   */
  public static <T> Flow.Publisher<T> publisher(TaskGroup group, ReceiveChannel<T> channel) {
    return new ChannelPublisher<>(group, channel);
  }

  /**
   * The next element of the channel, as a future. A task of the group waits for the element. The
   * future fails with a {@link ChannelClosedException} if the channel is closed and drained. It is
   * cancelled with the group.
   *
   * <p>No element is lost. If the caller cancels or completes the future, such as by a timeout, the
   * future first cancels the receive. If the receive has just taken an element, the future
   * completes with that element instead.
   *
   * @throws IllegalStateException if the group is closed
   * @throws InterruptedException if the thread is interrupted while it waits for the group's limit
   */
  public static <T> CompletableFuture<T> next(TaskGroup group, ReceiveChannel<T> channel)
      throws InterruptedException {
    return NextElement.fork(group, channel);
  }
}
