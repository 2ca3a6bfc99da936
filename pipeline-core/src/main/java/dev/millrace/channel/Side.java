package dev.millrace.channel;

/**
 * One side of a channel, the senders' or the receivers': its lock, its waiters, and its half of the
 * buffer, which the senders fill and the receivers empty. On a cache line of its own: senders and
 * receivers do not slow each other down.
 */
final class Side extends WaitQueue {

  /** The elements of this half. */
  Ring ring;

  /**
   * How many elements the senders may have in their half, given what they last knew of the
   * receivers' half, which can only have become smaller. Not used by the receivers.
   */
  int room;

  Side(Ring ring, int room) {
    this.ring = ring;
    this.room = room;
  }
}
