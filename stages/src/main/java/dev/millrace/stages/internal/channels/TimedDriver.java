package dev.millrace.stages.internal.channels;

import dev.millrace.clock.internal.Time;
import dev.millrace.stages.internal.wait.Signal;
import java.util.List;

/** Takes the elements of a link, and calls a timed stage when time has passed. */
final class TimedDriver extends Driver {

  private final Link link;
  private final TimedStep stage;

  TimedDriver(PipelineThread thread, Link link, List<ThreadBody> feeders, TimedStep stage) {
    super(thread, stage, feeders);
    this.link = link;
    this.stage = stage;
  }

  @Override
  void drive() throws Exception {
    while (!stage.done) {
      thread.check();
      long now = Time.nanoTime();
      if (stage.elapsed(now) || waits(now)) {
        continue;
      }
      Object element = link.receive(stage.account, stage.wakeAt());
      if (element == Link.END) {
        return;
      }
      if (element != null) {
        stage.take(element);
      }
    }
  }

  /** Waits if the stage does not take an element yet. */
  private boolean waits(long now) {
    long acceptAt = stage.acceptAt();
    if (acceptAt == Long.MIN_VALUE || acceptAt - now <= 0) {
      return false;
    }
    long wakeAt = stage.wakeAt();
    thread.sleepUntil(wakeAt == Signal.NEVER || wakeAt - acceptAt > 0 ? acceptAt : wakeAt);
    return true;
  }

  @Override
  void release() {
    link.cancel();
  }
}
