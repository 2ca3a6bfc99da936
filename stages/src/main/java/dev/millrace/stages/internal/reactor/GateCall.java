package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.fusion.Taker;
import dev.millrace.stages.internal.fusion.Template;

/** The way of an element through a gate. Used by the emitting thread. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
abstract class GateCall extends Taker implements Template {

  Passage gate;
  Account account;
  Taker next;

  /** Sets the state; to be called first. */
  final void bind(Passage gate, Account account, Taker next) {
    this.gate = gate;
    this.account = account;
    this.next = next;
  }
}
