package dev.millrace.stages.internal.pool;

/**
 * A thread that claims elements of a {@link ClaimRing}, and waits in a {@link Roster} while there
 * are none. Its methods are called by its own thread, except {@link #wake}.
 */
abstract class Claimant {

  /** The position of the element that it has claimed last. Of its thread. */
  long position;

  /** How many elements had come in when it looked last. Of its thread. */
  long tailSeen;

  /** Whether it waits to be called. Written under the roster's lock, read by its thread. */
  private volatile boolean idle;

  final boolean isIdle() {
    return idle;
  }

  final void setIdle(boolean waits) {
    idle = waits;
  }

  /** It was called: it is not idle any more, and is to look for an element. By any thread. */
  abstract void wake();
}
