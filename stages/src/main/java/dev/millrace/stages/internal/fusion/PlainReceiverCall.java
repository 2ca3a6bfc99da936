package dev.millrace.stages.internal.fusion;

/** The code of a {@link ReceiverCall}. */
public final class PlainReceiverCall extends ReceiverCall {

  @Override
  public Template fresh() {
    return new PlainReceiverCall();
  }

  @Override
  public Taker copy() {
    var copy = new PlainReceiverCall();
    copy.bind(host, receiver, account);
    return copy;
  }

  @Override
  public void push(Object element) {
    if (host.takes(account)) {
      accept(element);
    }
  }

  @Override
  public void accept(Object element) {
    boolean more;
    try {
      more = receiver.accept(element);
    } catch (Throwable e) {
      host.thrown(element, e);
      return;
    }
    if (Thread.currentThread().isInterrupted()) {
      host.interrupted();
    }
    account.processed();
    if (!more) {
      host.last();
    }
  }
}
