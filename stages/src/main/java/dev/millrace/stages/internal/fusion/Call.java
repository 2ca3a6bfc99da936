package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.transform.Mapping;
import org.jspecify.annotations.Nullable;

/** A mapping in a chain. Not thread-safe: one thread at a time uses it. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
abstract class Call implements Template {

  MappingHost host;
  Guard guard;
  int index;
  Account account;

  /** Counts the elements that leave the stage, as passed. */
  Account out;

  /** Sets the state; to be called first. */
  final void bind(MappingHost host, int index, Account account, Account out) {
    this.host = host;
    this.guard = host.guard();
    this.index = index;
    this.account = account;
    this.out = out;
  }

  /** Sets the mapping; returns the class of the user's function in it. */
  abstract Class<?> of(Mapping<Object, Object> mapping);

  /** Whether the stage takes an element, which is counted; false if the stage drops it. */
  boolean takes(Object element) {
    return true;
  }

  /** Applies the stage to an element that it takes; null if the stage emits nothing. */
  abstract @Nullable Object make(Object element);

  /** An equal object, which only the caller knows; see {@link PlainLine}. */
  abstract Call copy();

  @Override
  public abstract Call fresh();

  /** The function has returned: its interrupt ends with it. */
  final void returned() {
    if (Thread.currentThread().isInterrupted()) {
      host.interrupted();
    }
  }

  /** The result of the function leaves the stage. */
  final void leaves() {
    if (guard.isLeft()) {
      left(account, host);
    }
    out.passed();
  }

  /** No stage takes the result of the function. Is given fields only, so that copies stay local. */
  private static void left(Account account, MappingHost host) {
    account.processed();
    account.produced();
    host.left();
  }
}
