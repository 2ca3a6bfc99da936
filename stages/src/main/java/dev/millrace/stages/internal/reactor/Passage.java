package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.ledger.Account;

/** A gate as the way of an element through it sees it. Used by the emitting thread. */
abstract class Passage {

  /** Counts an element as produced; blocks until it is requested. */
  abstract void admit(Account account);

  /** Uses the demand for one element. */
  abstract void use();

  /** The subscriber has had an element. */
  abstract void given();
}
