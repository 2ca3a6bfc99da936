package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.ledger.Account;

/** The end of a run as the call of its receiver sees it. Used by one thread at a time. */
public interface ReceiverHost {

  /** This thread brings an element. Counts it; false if the receiver takes no more elements. */
  boolean takes(Account account);

  /** The receiver has thrown. */
  void thrown(Object element, Throwable e);

  /** The receiver has returned, and the thread is interrupted. */
  void interrupted();

  /** The receiver wants no more elements. */
  void last();
}
