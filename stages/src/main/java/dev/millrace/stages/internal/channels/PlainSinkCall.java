package dev.millrace.stages.internal.channels;

import dev.millrace.stages.internal.fusion.Taker;
import dev.millrace.stages.internal.fusion.Template;

/** The code of a {@link SinkCall}. */
final class PlainSinkCall extends SinkCall {

  @Override
  public Template fresh() {
    return new PlainSinkCall();
  }

  @Override
  public Taker copy() {
    var copy = new PlainSinkCall();
    copy.bind(step, thread, account, receiver);
    return copy;
  }

  @Override
  public void push(Object element) {
    account.passed();
    accept(element);
  }

  @Override
  void accept(Object element) {
    boolean more;
    try {
      more = receiver.accept(element);
    } catch (Throwable e) {
      throw step.thrown(element, e);
    }
    if (Thread.currentThread().isInterrupted()) {
      thread.forgetInterrupt();
    }
    account.processed();
    if (!more) {
      step.done = true;
    }
  }
}
