package dev.millrace.pipeline.graph;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The counts of one stage by one thread. One thread at a time writes, any thread may read.
 *
 * <p>Counts are plain fields, since ordered stores would keep the compiler of the JVM from leaving
 * anything in a register from one stage to the next. An engine reads something volatile between two
 * elements, so a report sees the counts of an element at the latest when the next one comes or a
 * function waits.
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
  static final VarHandle BEGUN = handle("begun");
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
  private long begun;
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

  /** What is {@link #passed} there, the stage has processed here. */
  private @Nullable Account next;

  Account() {}

  private static VarHandle handle(String name) {
    try {
      return MethodHandles.lookup().findVarHandle(Account.class, name, long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  long get(VarHandle which) {
    return (long) which.getAcquire(this);
  }

  /**
   * What is {@link #passed} to the next stage is processed by this one, and not counted once more.
   * Before anything is counted.
   */
  public void processedIfPassedTo(Account next) {
    this.next = next;
  }

  long processedSoFar() {
    Account after = next;
    return get(PROCESSED) + (after == null ? 0 : after.get(PASSED));
  }

  /** How many elements have come in, of which nothing has become yet. */
  public long inFlight() {
    long done = processedSoFar() + get(FAILED) + get(DROPPED);
    return get(RECEIVED) + get(PASSED) - done;
  }

  /** An element has come in. */
  public void received() {
    received++;
  }

  /**
   * An element has come in, in the very call in which the stage before has made it: there, it
   * counts as produced and emitted. See {@link Ledger#open(String, String)}.
   */
  public void passed() {
    passed++;
  }

  /**
   * The function begins with an element. Only by an account of {@link Ledger#openWorker}: there, an
   * element is received by one thread, and may wait before another one begins with it.
   */
  public void begun() {
    begun++;
  }

  /** How many functions run now. */
  long running() {
    return Math.max(0, get(BEGUN) - get(PROCESSED) - get(FAILED));
  }

  /** The function has returned for an element. */
  public void processed() {
    processed++;
  }

  /** An element has become a failure. */
  public void failed() {
    failed++;
  }

  /** An element was dropped on purpose. */
  public void dropped() {
    dropped++;
  }

  /** Elements that were counted as processed have become part of nothing. */
  public void leftOver(int count) {
    processed -= count;
    dropped += count;
  }

  /** The stage has made an element. */
  public void produced() {
    produced++;
  }

  /** The next stage has taken an element. */
  public void emitted() {
    emitted++;
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
