package dev.millrace.stages.internal.channel;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Node.Overflow;

/**
 * The end of a thread's chain: a stage that hands its elements over to another thread, such as a
 * buffer or the beginning of a merge. What it has made and the other thread has not taken is
 * queued.
 */
final class OutletStep extends Step {

  final Link link;
  private final Overflow overflow;
  private final Account made;

  /**
   * An outlet.
   *
   * @param account counts what comes in
   * @param made counts what goes out
   */
  OutletStep(Link link, Overflow overflow, Account from, Account account, Account made) {
    super(from, account);
    this.link = link;
    this.overflow = overflow;
    this.made = made;
  }

  @Override
  void start() {
    done = link.isCancelled();
  }

  @Override
  void push(Object element) {
    if (link.hasRoom() && !link.isCancelled()) {
      account.passed();
      put(element);
    } else {
      from.produced();
      take(element);
    }
  }

  @Override
  void take(Object element) {
    if (overflow == Overflow.WAIT) {
      done = !link.awaitRoom(account);
    } else {
      done = link.isCancelled();
    }
    if (!done) {
      from.emitted();
      account.received();
      process(element);
    }
  }

  @Override
  void process(Object element) {
    if (overflow != Overflow.WAIT && drops(element)) {
      account.dropped();
    } else {
      put(element);
    }
  }

  private void put(Object element) {
    account.processed();
    made.produced();
    link.put(element);
  }

  /** Whether an element was dropped: this one, or one in whose place it is now. */
  private boolean drops(Object element) {
    return overflow == Overflow.DROP_NEWEST ? !link.hasRoom() : ((DequeLink) link).replace(element);
  }

  @Override
  void end() {
    link.end();
  }

  @Override
  void close() {}
}
