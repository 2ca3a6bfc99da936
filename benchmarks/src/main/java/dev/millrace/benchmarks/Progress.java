package dev.millrace.benchmarks;

import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** A bar on the terminal, with the time that is left. */
final class Progress implements AutoCloseable {

  private static final int WIDTH = 100;

  private final ProgressBar bar;

  Progress(String task, int steps) {
    bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(steps)
            .setUpdateIntervalMillis((int) Duration.ofSeconds(1).toMillis())
            // A fixed width: otherwise the library asks the terminal, and takes over Ctrl-C.
            .setConsumer(new ConsoleProgressBarConsumer(System.err, WIDTH))
            .build();
  }

  /** The next step begins. */
  void next(String name) {
    bar.setExtraMessage(name);
    bar.refresh();
  }

  /** A step has ended. */
  void step() {
    bar.step();
  }

  @Override
  public void close() {
    bar.close();
  }
}
