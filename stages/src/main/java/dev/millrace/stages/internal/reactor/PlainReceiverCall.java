package dev.millrace.stages.internal.reactor;

import dev.millrace.stages.internal.fusion.Taker;
import dev.millrace.stages.internal.fusion.Template;

/** The code of a {@link ReceiverCall}. */
final class PlainReceiverCall extends ReceiverCall {

  @Override
  public Template fresh() {
    return new PlainReceiverCall();
  }

  @Override
  public Taker copy() {
    var copy = new PlainReceiverCall();
    copy.bind(subscriber, receiver, tap, account);
    return copy;
  }

  @Override
  public void push(Object element) {
    if (subscriber.isClosed()) {
      return;
    }
    tap.run();
    subscriber.in(Thread.currentThread());
    account.received();
    boolean more;
    try {
      more = receiver.accept(element);
    } catch (Throwable e) {
      subscriber.thrown(element, e);
      return;
    }
    if (Thread.currentThread().isInterrupted()) {
      subscriber.interrupted();
    }
    account.processed();
    if (!more) {
      subscriber.last();
    }
  }
}
