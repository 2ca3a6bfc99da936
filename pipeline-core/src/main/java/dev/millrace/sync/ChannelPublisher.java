package dev.millrace.sync;

import dev.millrace.channel.ReceiveChannel;
import java.util.Objects;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Publishes the elements of a channel, with a task of the group per subscription. */
final class ChannelPublisher<T> implements Flow.Publisher<T> {

  private final TaskGroup group;
  private final ReceiveChannel<T> channel;

  ChannelPublisher(TaskGroup group, ReceiveChannel<T> channel) {
    this.group = Objects.requireNonNull(group, "group");
    this.channel = Objects.requireNonNull(channel, "channel");
  }

  @Override
  public void subscribe(Flow.Subscriber<? super T> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    var subscription =
        new ChannelSubscription<T>(channel, subscriber, group.context().withCancel());
    boolean started = false;
    try {
      subscriber.onSubscribe(subscription);
      started = true;
    } finally {
      if (!started) {
        subscription.cancel();
      }
    }
    Throwable refusal = fork(subscription);
    if (refusal != null) {
      subscription.end(refusal);
    }
  }

  /** Starts the signals. Returns the failure if they cannot be started; otherwise null. */
  private @Nullable Throwable fork(ChannelSubscription<T> subscription) {
    Task<?> task;
    try {
      task = group.tryFork(subscription::signal);
    } catch (IllegalStateException e) { // the group is closed
      return e;
    }
    if (task == null) {
      return new IllegalStateException(
          "the limit of the task group is reached: each subscription needs a task of it");
    }
    return task.state() == Task.State.CANCELLED ? subscription.stopped() : null;
  }
}
