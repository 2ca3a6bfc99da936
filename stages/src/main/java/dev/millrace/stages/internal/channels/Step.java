package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.stages.internal.run.Unwind;

/**
 * A stage, or its beginning, as the thread sees it that runs it: elements are pushed into it, one
 * after the other. Steps that follow each other in one thread are fused: each calls the next one.
 *
 * <p>Used by one thread. A push that throws {@link Unwind} ends the thread.
 */
abstract class Step {

  /** The stage before, as far as this thread counts for it. */
  final Account from;

  /** The stage itself. */
  final Account account;

  /** Whether it wants no more elements. */
  boolean done;

  Step(Account from, Account account) {
    this.from = from;
    this.account = account;
  }

  /** Called before the first element; the steps after it are started first. */
  abstract void start() throws Exception;

  /**
   * Takes an element from the step before it, which makes it in this call. Not called when it is
   * {@link #done}; nor are the others.
   */
  void push(Object element) {
    account.passed();
    process(element);
  }

  /** Takes an element that has waited in a queue since it was made. */
  void take(Object element) {
    from.emitted();
    account.received();
    process(element);
  }

  /** Does what it does with an element that is counted. */
  abstract void process(Object element);

  /** There are no more elements. Not called if the run is cancelled. */
  abstract void end() throws Exception;

  /** Lets go of what it holds; called once, whatever has happened. */
  abstract void close();
}
