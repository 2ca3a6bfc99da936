package dev.millrace.samples.verify;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows the progress of the work: a bar on a terminal, else a line every two seconds. Thread-safe.
 */
abstract class Progress implements AutoCloseable {

  abstract void step();

  @Override
  public abstract void close();

  @SuppressWarnings("SystemConsoleNull") // its documentation still allows null
  static Progress of(long total, PrintStream out) {
    var console = System.console();
    return console != null && console.isTerminal() ? new Bar(total) : new Lines(total, out);
  }

  private static final class Bar extends Progress {
    private static final int WIDTH = 79;
    private final ProgressBar bar;

    Bar(long total) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("verifying")
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.UNICODE_BLOCK)
              .setUpdateIntervalMillis(200)
              // A fixed width: to ask the terminal for its width, the library would take over
              // Ctrl-C.
              .setConsumer(new ConsoleProgressBarConsumer(System.err, WIDTH))
              .showSpeed()
              .build();
    }

    @Override
    void step() {
      bar.step();
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  private static final class Lines extends Progress {
    private static final long EVERY = TimeUnit.SECONDS.toNanos(2);
    private final long total;
    private final PrintStream out;
    private final AtomicLong done = new AtomicLong();
    private final AtomicLong next = new AtomicLong(System.nanoTime() + EVERY);

    Lines(long total, PrintStream out) {
      this.total = total;
      this.out = out;
    }

    @Override
    void step() {
      long count = done.incrementAndGet();
      long due = next.get();
      long now = System.nanoTime();
      if (now - due >= 0 && next.compareAndSet(due, now + EVERY)) {
        out.printf("verified %,d of %,d%n", count, total);
      }
    }

    @Override
    public void close() {
      out.printf("verified %,d of %,d%n", done.get(), total);
    }
  }
}
