package dev.millrace.channel;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One clause of a {@link Selection}, and its place in the queue of the clause's channel. */
final class SelectWaiter extends Waiter {

  final Selection selection;
  final int index;
  final Channel<?> channel;
  final boolean sends;

  /** Whether the channel is the done channel of a cancellation, which goes before all others. */
  final boolean done;

  /** The element to send this turn. */
  @Nullable Object offered;

  /** Whether the clause takes part this turn. */
  boolean enabled = true;

  SelectWaiter(Selection selection, int index, Channel<?> channel, boolean sends, boolean done) {
    this.selection = selection;
    this.index = index;
    this.channel = channel;
    this.sends = sends;
    this.done = done;
  }

  WaitQueue queue() {
    return sends ? channel.sending : channel.receiving;
  }

  @Override
  boolean claim() {
    return (done || !selection.hasEnded()) && selection.claim(index);
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

  /** Keeps no element that it has offered; its owner does not wait. */
  void forgetOffer() {
    if (sends) {
      offered = null;
      item = null;
    }
  }

  /** Does the clause's operation if that is possible now; whether it was. */
  boolean attempt() {
    return sends
        ? finish(channel.attemptSend(Objects.requireNonNull(offered), selection))
        : finish(channel.attemptReceive(selection));
  }

  /** Like {@link #attempt}; the caller holds the channel's lock. */
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
