package dev.millrace.pipeline.graph;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The counts of one stage by one thread. One thread at a time writes, any thread may read; a count
 * costs as much as that of a plain field.
 */
public final class Account {

  static final int RECEIVED = 0;
  static final int PROCESSED = 1;
  static final int FAILED = 2;
  static final int DROPPED = 3;
  static final int PRODUCED = 4;
  static final int EMITTED = 5;
  static final int WAITED_IN = 6;
  static final int WAITED_OUT = 7;
  static final int WAITING_IN = 8;
  static final int WAITING_OUT = 9;

  private static final int COUNTS = 10;
  private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

  private final long[] counts = new long[COUNTS];

  Account() {}

  // Released and acquired, so that who sees a count sees those that came before it: a report must
  // not see an element leave that it has not seen come.
  private void add(int which, long n) {
    ELEMENT.setRelease(counts, which, counts[which] + n);
  }

  long get(int which) {
    return (long) ELEMENT.getAcquire(counts, which);
  }

  /** An element has come in. */
  public void received() {
    add(RECEIVED, 1);
  }

  /** The function has returned for an element. */
  public void processed() {
    add(PROCESSED, 1);
  }

  /** An element has become a failure. */
  public void failed() {
    add(FAILED, 1);
  }

  /** An element was dropped on purpose. */
  public void dropped() {
    add(DROPPED, 1);
  }

  /** The stage has made an element. */
  public void produced() {
    add(PRODUCED, 1);
  }

  /** The next stage has taken an element. */
  public void emitted() {
    add(EMITTED, 1);
  }

  /** The stage begins to wait for an element. */
  public void waitsForInput() {
    add(WAITING_IN, System.nanoTime() - counts[WAITING_IN]);
  }

  /** The stage has an element again. */
  public void hasInput() {
    waited(WAITING_IN, WAITED_IN);
  }

  /** The stage begins to wait for room in the next one. */
  public void waitsForOutput() {
    add(WAITING_OUT, System.nanoTime() - counts[WAITING_OUT]);
  }

  /** The next stage has room again. */
  public void hasOutput() {
    waited(WAITING_OUT, WAITED_OUT);
  }

  private void waited(int waiting, int waited) {
    if (counts[waiting] != 0) {
      add(waited, System.nanoTime() - counts[waiting]);
      add(waiting, -counts[waiting]);
    }
  }
}
