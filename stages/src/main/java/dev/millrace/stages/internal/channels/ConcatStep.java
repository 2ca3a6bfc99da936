package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.ledger.Account;

/**
 * One input of a concatenation: its end is not the end of the run. The driver ends the steps after
 * it.
 */
final class ConcatStep extends Step {

  private final Step next;

  ConcatStep(Account from, Account account, Step next) {
    super(from, account);
    this.next = next;
  }

  @Override
  void start() {
    done = next.done;
  }

  @Override
  void process(Object element) {
    account.processed();
    next.push(element);
    done = next.done;
  }

  @Override
  void end() {}
}
