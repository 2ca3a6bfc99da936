package dev.millrace.channel;

/**
 * The half of a channel's buffer that the senders fill, or that the receivers empty, with its lock.
 * On a cache line of its own: senders and receivers do not slow each other down.
 */
final class Half extends SpinLock {

  /** The elements of this half. */
  Ring ring;

  /**
   * How many elements the senders may have in their half, given what they last knew of the
   * receivers' half, which can only have become smaller. Not used by the receivers.
   */
  int room;

  Half(Ring ring, int room) {
    this.ring = ring;
    this.room = room;
  }
}
