package dev.millrace.pipeline.graph;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The counts of one stage by one thread. One thread at a time writes, any thread may read; a count
 * costs as much as that of a plain field.
 */
@SuppressWarnings("unused") // the padding, and what is read by its handle
public final class Account {

  static final VarHandle RECEIVED = handle("received");
  static final VarHandle PASSED = handle("passed");
  static final VarHandle PROCESSED = handle("processed");
  static final VarHandle FAILED = handle("failed");
  static final VarHandle DROPPED = handle("dropped");
  static final VarHandle PRODUCED = handle("produced");
  static final VarHandle EMITTED = handle("emitted");
  static final VarHandle WAITED_IN = handle("waitedIn");
  static final VarHandle WAITED_OUT = handle("waitedOut");
  static final VarHandle WAITING_IN = handle("waitingIn");
  static final VarHandle WAITING_OUT = handle("waitingOut");

  private long received;
  private long passed;
  private long processed;
  private long failed;
  private long dropped;
  private long produced;
  private long emitted;
  private long waitedIn;
  private long waitedOut;
  private long waitingIn;
  private long waitingOut;

  // Keeps the counts of two threads out of the same line of a processor's cache.
  private long padding1;
  private long padding2;
  private long padding3;
  private long padding4;
  private long padding5;
  private long padding6;
  private long padding7;

  Account() {}

  private static VarHandle handle(String name) {
    try {
      return MethodHandles.lookup().findVarHandle(Account.class, name, long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  // Counts are released and acquired, so that who sees a count sees those that came before it: a
  // report must not see an element leave that it has not seen come.

  long get(VarHandle which) {
    return (long) which.getAcquire(this);
  }

  /** How many elements have come in, of which nothing has become yet. */
  public long inFlight() {
    long done = get(PROCESSED) + get(FAILED) + get(DROPPED);
    return get(RECEIVED) + get(PASSED) - done;
  }

  /** An element has come in. */
  public void received() {
    RECEIVED.setRelease(this, received + 1);
  }

  /**
   * An element has come in, in the very call in which the stage before has made it: there, it
   * counts as produced and emitted. See {@link Ledger#open(String, String)}.
   */
  public void passed() {
    PASSED.setRelease(this, passed + 1);
  }

  /** The function has returned for an element. */
  public void processed() {
    PROCESSED.setRelease(this, processed + 1);
  }

  /** An element has become a failure. */
  public void failed() {
    FAILED.setRelease(this, failed + 1);
  }

  /** An element was dropped on purpose. */
  public void dropped() {
    DROPPED.setRelease(this, dropped + 1);
  }

  /** The stage has made an element. */
  public void produced() {
    PRODUCED.setRelease(this, produced + 1);
  }

  /** The next stage has taken an element. */
  public void emitted() {
    EMITTED.setRelease(this, emitted + 1);
  }

  /** The stage begins to wait for an element. */
  public void waitsForInput() {
    WAITING_IN.setRelease(this, System.nanoTime());
  }

  /** The stage has an element again. */
  public void hasInput() {
    if (waitingIn != 0) {
      WAITED_IN.setRelease(this, waitedIn + System.nanoTime() - waitingIn);
      WAITING_IN.setRelease(this, 0L);
    }
  }

  /** The stage begins to wait for room in the next one. */
  public void waitsForOutput() {
    WAITING_OUT.setRelease(this, System.nanoTime());
  }

  /** The next stage has room again. */
  public void hasOutput() {
    if (waitingOut != 0) {
      WAITED_OUT.setRelease(this, waitedOut + System.nanoTime() - waitingOut);
      WAITING_OUT.setRelease(this, 0L);
    }
  }
}
