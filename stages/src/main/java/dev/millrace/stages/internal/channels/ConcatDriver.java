package dev.millrace.stages.internal.channels;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs one input after the other, all in the same thread. */
final class ConcatDriver extends Driver {

  private final List<ThreadBody> inputs;

  /** How many inputs are closed. */
  private int closed;

  /** The first step of the input that runs. */
  private @Nullable Step started;

  ConcatDriver(PipelineThread thread, List<ThreadBody> inputs, Step next) {
    super(thread, next, List.of());
    this.inputs = inputs;
  }

  @Override
  void drive() throws Exception {
    while (closed < inputs.size() && !next.done) {
      ThreadBody input = inputs.get(closed);
      started = input.first();
      input.first().start();
      thread.check();
      if (!input.first().done) {
        input.driver().run();
      }
      closeOne();
      thread.check();
      input.first().end();
      closeSteps();
    }
  }

  private void closeSteps() {
    Step first = started;
    started = null;
    if (first != null) {
      first.close();
    }
  }

  private void closeOne() {
    ThreadBody input = inputs.get(closed);
    closed++;
    input.driver().close();
  }

  @Override
  void release() {
    while (closed < inputs.size()) {
      closeOne();
    }
    closeSteps();
  }
}
