package dev.millrace.stages.internal.channel;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs one input after the other, all in the same thread. */
final class ConcatDriver extends Driver {

  private final List<Chain> inputs;

  /** How many inputs are closed. */
  private int closed;

  /** The first step of the input that runs. */
  private @Nullable Step started;

  ConcatDriver(Strand strand, List<Chain> inputs, Step next) {
    super(strand, next, List.of());
    this.inputs = inputs;
  }

  @Override
  void drive() throws Exception {
    while (closed < inputs.size() && !next.done) {
      Chain input = inputs.get(closed);
      started = input.first();
      input.first().start();
      strand.check();
      if (!input.first().done) {
        input.driver().run();
      }
      closeOne();
      strand.check();
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
    Chain input = inputs.get(closed);
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
