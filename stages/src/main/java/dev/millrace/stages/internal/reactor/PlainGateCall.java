package dev.millrace.stages.internal.reactor;

import dev.millrace.stages.internal.fusion.Taker;
import dev.millrace.stages.internal.fusion.Template;

/** The code of a {@link GateCall}. */
final class PlainGateCall extends GateCall {

  @Override
  public Template fresh() {
    return new PlainGateCall();
  }

  @Override
  public Taker copy() {
    var copy = new PlainGateCall();
    copy.bind(gate, account, next.copy());
    return copy;
  }

  @Override
  public void push(Object element) {
    gate.admit(account);
    gate.use();
    next.push(element);
    gate.given();
  }
}
