package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.ledger.Account;

/**
 * The end of a thread's chain before a stage that takes its elements in its own thread, and counts
 * them there.
 */
final class WireStep extends Step {

  private final Link link;

  WireStep(Link link, Account from) {
    super(from, from);
    this.link = link;
  }

  @Override
  void start() {
    done = link.isCancelled();
  }

  @Override
  public void push(Object element) {
    from.produced();
    take(element);
  }

  @Override
  void take(Object element) {
    process(element);
  }

  @Override
  void process(Object element) {
    if (link.awaitRoom(account)) {
      link.put(element);
    } else {
      done = true;
    }
  }

  @Override
  void end() {
    link.end();
  }
}
