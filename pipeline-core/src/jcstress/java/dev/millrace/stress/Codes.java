package dev.millrace.stress;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.context.Context;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Operations whose end is told by a number, which is what a stress test records. */
final class Codes {

  /** Nothing happened: there was nothing, or no room, or the time was over. */
  static final int NOTHING = 0;

  /** The channel is closed. */
  static final int CLOSED = -1;

  /** The operation was cancelled or interrupted. */
  static final int STOPPED = -2;

  /** What a send gives that has happened. */
  static final int SENT = 9;

  private Codes() {}

  /** An operation that can end in many ways. */
  @FunctionalInterface
  interface Operation {
    int run() throws InterruptedException;
  }

  static int code(Operation operation) {
    try {
      return operation.run();
    } catch (ChannelClosedException e) {
      return CLOSED;
    } catch (InterruptedException | CancellationException e) {
      return STOPPED;
    }
  }

  private static int orNothing(@Nullable Integer element) {
    return element == null ? NOTHING : element;
  }

  static int trySend(Channel<Integer> channel, int element) {
    return code(() -> channel.trySend(element) ? SENT : NOTHING);
  }

  static int tryReceive(Channel<Integer> channel) {
    return code(() -> orNothing(channel.tryReceive()));
  }

  static int send(Channel<Integer> channel, int element) {
    return send(channel, element, Context.background());
  }

  static int send(Channel<Integer> channel, int element, Context context) {
    return code(
        () -> {
          channel.send(element, context);
          return SENT;
        });
  }

  static int receive(Channel<Integer> channel) {
    return receive(channel, Context.background());
  }

  static int receive(Channel<Integer> channel, Context context) {
    return code(() -> channel.receive(context));
  }

  /** Takes what is buffered; how many elements it was. */
  static int drain(Channel<Integer> channel) {
    int count = 0;
    while (tryReceive(channel) > 0) {
      count++;
    }
    return count;
  }

  /** A buffered channel that holds 1, 2, ... {@code elements}. */
  static Channel<Integer> filled(int capacity, int elements) {
    Channel<Integer> channel = Channel.buffered(capacity);
    for (int i = 1; i <= elements; i++) {
      channel.trySend(i);
    }
    return channel;
  }
}
