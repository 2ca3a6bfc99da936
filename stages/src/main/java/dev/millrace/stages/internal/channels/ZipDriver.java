package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.wait.WaitStrategy;
import java.util.List;
import java.util.Objects;

/**
 * Takes one element of each of two links, and combines them. No element is taken before both are
 * there. So at the end of the shorter side, the rest of the other side was never received.
 */
final class ZipDriver extends Driver {

  private final Node.Zip<Object, Object, Object> node;
  private final Account account;

  /** The side of an element: its link, and the account of the stage that it comes from. */
  record Side(Link link, Account from) {}

  private final Side left;
  private final Side right;

  ZipDriver(
      PipelineThread thread,
      Node.Zip<Object, Object, Object> node,
      Account account,
      Side left,
      Side right,
      List<ThreadBody> feeders,
      Step next) {
    super(thread, next, feeders);
    this.node = node;
    this.account = account;
    this.left = left;
    this.right = right;
  }

  @Override
  void drive() {
    while (!next.done && awaitBoth()) {
      thread.check();
      combine(take(left), take(right));
    }
  }

  private boolean areThere() {
    return !left.link.isEmpty() && !right.link.isEmpty();
  }

  /** Waits for an element of each side; false as soon as one of them has no more. */
  private boolean awaitBoth() {
    if (areThere()) {
      return true;
    }
    account.waitsForInput();
    try {
      // The producers may fill the links while they run.
      thread.awaitElement(WaitStrategy.YIELD_ONCE, this::areThereOrNeverWillBe);
    } finally {
      account.hasInput();
    }
    return areThere();
  }

  private boolean areThereOrNeverWillBe() {
    return areThere() || left.link.isExhausted() || right.link.isExhausted();
  }

  private Object take(Side side) {
    Object element = Objects.requireNonNull(side.link.poll());
    side.from.emitted();
    account.received();
    return element;
  }

  private void combine(Object one, Object other) {
    Object result;
    try {
      result =
          Objects.requireNonNull(node.combiner().apply(one, other), "the combiner returned null");
    } catch (Throwable e) {
      thread
          .run
          .failures()
          .thrown(thread, this::failed, node.name(), node.policy(), List.of(one, other), e);
      return;
    }
    thread.endCall();
    account.processed();
    account.processed();
    next.push(result);
  }

  private void failed() {
    account.failed();
    account.failed();
  }

  @Override
  void release() {
    left.link.cancel();
    right.link.cancel();
  }
}
