package dev.millrace.stages.internal.reactor;

/** The end of a run as the call of its receiver sees it. Used by one thread at a time. */
abstract class ReceiverHost {

  /** Whether it takes no more elements. */
  abstract boolean isClosed();

  /** This thread brings an element. */
  abstract void in(Thread current);

  /** The receiver has thrown. */
  abstract void thrown(Object element, Throwable e);

  /** The receiver has returned, and the thread is interrupted. */
  abstract void interrupted();

  /** The receiver wants no more elements. */
  abstract void last();
}
