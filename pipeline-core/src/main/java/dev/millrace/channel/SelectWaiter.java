package dev.millrace.channel;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One clause of a {@link Selection}, and its place in the queue of the clause's channel. */
final class SelectWaiter extends Waiter {

  final Selection selection;
  final int index;
  final Channel<?> channel;
  final boolean sends;

  /** The element to send this turn. */
  @Nullable Object offered;

  /** Whether the clause takes part this turn. */
  boolean enabled = true;

  SelectWaiter(Selection selection, int index, Channel<?> channel, boolean sends) {
    this.selection = selection;
    this.index = index;
    this.channel = channel;
    this.sends = sends;
  }

  WaitQueue queue() {
    return sends ? channel.senders : channel.receivers;
  }

  @Override
  boolean claim() {
    return selection.claim(index);
  }

  @Override
  @Nullable Thread complete(int result) {
    Thread owner = thread;
    state = result;
    return selection.complete() ? owner : null;
  }

  /**
   * Does the clause's operation if that is possible now; the caller holds the channel's lock.
   *
   * @return whether the clause was ready; then {@link #state} and {@link #item} tell the result
   */
  boolean attempt() {
    if (sends) {
      Channel.Offer offer = channel.offer(Objects.requireNonNull(offered));
      if (offer == Channel.Offer.FULL) {
        return false;
      }
      state = offer == Channel.Offer.SENT ? DONE : CLOSED;
      return true;
    }
    Object polled = channel.poll();
    if (polled == null) {
      return false;
    }
    item = polled == Channel.END ? null : polled;
    state = polled == Channel.END ? CLOSED : DONE;
    return true;
  }
}
