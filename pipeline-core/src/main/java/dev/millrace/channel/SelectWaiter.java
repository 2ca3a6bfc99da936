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
    return sends ? channel.sending : channel.receiving;
  }

  @Override
  boolean claim() {
    return selection.claim(index);
  }

  @Override
  @Nullable Thread complete(int result) {
    Thread owner = thread;
    if (result == CLOSED) {
      item = null;
    }
    result(result);
    return selection.complete() ? owner : null;
  }

  /** Does the clause's operation if that is possible now; whether it was. */
  boolean attempt() {
    return sends
        ? finish(channel.attemptSend(Objects.requireNonNull(offered), Channel.NEVER))
        : finish(channel.attemptReceive(Channel.NEVER));
  }

  /** As {@link #attempt}; the caller holds the channel's lock. */
  boolean attemptLocked() {
    return sends ? finish(channel.offer(Objects.requireNonNull(offered))) : finish(channel.poll());
  }

  private boolean finish(Handover.Offer offer) {
    if (offer == Handover.Offer.FULL) {
      return false;
    }
    result(offer == Handover.Offer.SENT ? DONE : CLOSED);
    return true;
  }

  private boolean finish(@Nullable Object polled) {
    if (polled == null) {
      return false;
    }
    boolean closed = polled == Handover.END;
    item = closed ? null : polled;
    result(closed ? CLOSED : DONE);
    return true;
  }
}
