package dev.millrace.pipeline.ledger;

import dev.millrace.channel.internal.Flight;
import dev.millrace.clock.internal.Time;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The counts of one stage by one thread. Not thread-safe for writers: one thread at a time writes.
 * Any thread may read.
 *
 * <p>The writer uses plain stores. Ordered stores would stop the JIT compiler from keeping values
 * in registers from one stage to the next. An engine reads a volatile field between two elements.
 * So a report sees the counts of an element at the latest when the next element comes or a function
 * waits.
 */
@SuppressWarnings("unused") // the padding, and the fields that are read through VarHandles
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

  // Keeps the counts of two threads in different cache lines.
  private long padding1;
  private long padding2;
  private long padding3;
  private long padding4;
  private long padding5;
  private long padding6;
  private long padding7;

  /**
   * The account of the next stage, if that stage runs in the same call: its {@link #passed} count
   * is added to our {@code processed}.
   */
  private @Nullable Account next;

  /** The name of the stage, for events. */
  private final String stage;

  /** The events of the waits that go on; null if they are not recorded. */
  private @Nullable Object waitForInput;

  private @Nullable Object waitForOutput;

  Account(String stage) {
    this.stage = stage;
  }

  /** An account of no stage, for counts that no report shows. */
  public static Account unattached() {
    return new Account("unattached");
  }

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
   * From now on, each element that {@code next} counts as {@link #passed} also counts as processed
   * by this stage. The stage then does not call {@link #processed} for these elements. Call this
   * before the first count.
   */
  public void processedIfPassedTo(Account next) {
    this.next = next;
  }

  long processedSoFar() {
    Account after = next;
    return get(PROCESSED) + (after == null ? 0 : after.get(PASSED));
  }

  /**
   * The number of elements that the stage has received and not yet processed, failed or dropped.
   */
  public long inFlight() {
    long done = processedSoFar() + get(FAILED) + get(DROPPED);
    return get(RECEIVED) + get(PASSED) - done;
  }

  /**
   * The sum of all counts. It changes whenever the stage makes progress in this thread. By any
   * thread.
   */
  public long progress() {
    return get(RECEIVED)
        + processedSoFar()
        + get(PASSED)
        + get(FAILED)
        + get(DROPPED)
        + get(PRODUCED)
        + get(EMITTED)
        + get(BEGUN);
  }

  /** Whether the stage waits for an element now. By any thread. */
  public boolean isWaitingForInput() {
    return get(WAITING_IN) != 0;
  }

  /** The stage has received an element. */
  public void received() {
    received++;
  }

  /**
   * The stage has received an element in the same call in which the previous stage made it. The
   * previous stage counts it as produced and emitted. See {@link Ledger#open(String, String)}.
   */
  public void passed() {
    passed++;
  }

  /**
   * A worker starts the function for an element. Only for an account of {@link Ledger#openWorker}:
   * one thread receives the element, and it may wait before another thread starts its function.
   */
  public void begun() {
    begun++;
  }

  /** The number of functions that run now. By any thread. */
  public long running() {
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

  /**
   * Moves elements from processed to dropped: the stage had accepted them, but emitted nothing made
   * of them.
   */
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

  /** The stage starts to wait for an element. */
  public void waitsForInput() {
    WAITING_IN.setRelease(this, Time.nanoTime());
    waitForInput = Flight.beginStageWait(stage, false);
  }

  /** The stage has an element again. */
  public void hasInput() {
    if (waitingIn != 0) {
      WAITED_IN.setRelease(this, waitedIn + Time.nanoTime() - waitingIn);
      WAITING_IN.setRelease(this, 0L);
      Object event = waitForInput;
      if (event != null) {
        waitForInput = null;
        Flight.endStageWait(event);
      }
    }
  }

  /** The stage starts to wait until the next stage has room. */
  public void waitsForOutput() {
    WAITING_OUT.setRelease(this, Time.nanoTime());
    waitForOutput = Flight.beginStageWait(stage, true);
  }

  /** The next stage has room again. */
  public void hasOutput() {
    if (waitingOut != 0) {
      WAITED_OUT.setRelease(this, waitedOut + Time.nanoTime() - waitingOut);
      WAITING_OUT.setRelease(this, 0L);
      Object event = waitForOutput;
      if (event != null) {
        waitForOutput = null;
        Flight.endStageWait(event);
      }
    }
  }
}
