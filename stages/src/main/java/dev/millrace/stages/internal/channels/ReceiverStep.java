package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.stages.internal.run.Unwind;

/** The step of a sink as the call of its receiver sees it. Used by one thread. */
abstract class ReceiverStep extends Step {

  ReceiverStep(Account from, Account account) {
    super(from, account);
  }

  /** The receiver has thrown. */
  abstract Unwind thrown(Object element, Throwable e);
}
