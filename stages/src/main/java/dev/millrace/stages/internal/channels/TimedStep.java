package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.transform.TimedTransform;
import java.util.function.Supplier;

/** Runs a timed transform: its driver also calls it when time has passed. */
final class TimedStep extends SequentialStep<TimedTransform<Object, Object>> {

  TimedStep(
      PipelineThread thread,
      String name,
      Supplier<? extends TimedTransform<Object, Object>> supplier,
      FailurePolicy policy,
      Account from,
      Account account,
      Step next) {
    super(thread, name, supplier, policy, from, account, next);
  }

  /** Calls the transform if the time has come at which it wants to be called. */
  boolean elapsed(long now) throws Exception {
    long wakeAt = transform().wakeAt();
    if (wakeAt == TimedTransform.NEVER || now - wakeAt < 0) {
      return false;
    }
    call(() -> transform().elapsed(now, this));
    done = done || transform().wantsNone();
    return true;
  }

  long wakeAt() {
    return transform().wakeAt();
  }

  long acceptAt() {
    return transform().acceptAt();
  }
}
