package dev.millrace.samples.command;

import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Shows a run while it goes on: for each stage its rate, its elements in flight and in the queue,
 * and the bottleneck. A terminal shows it in place; other outputs get it again every two seconds.
 * One thread draws until the run ends, or {@link #close}. Thread-safe.
 */
public final class Live implements AutoCloseable {

  private static final int NAME = 14;
  private static final int BAR = 12;

  /** No line is longer: a terminal that wraps lines would leave parts of old frames behind. */
  private static final int WIDTH = 59;

  private final Run<?> run;
  private final PrintStream out;
  private final boolean inPlace;
  private final Thread thread;
  private RunReport before;
  private int lines;

  private Live(Run<?> run, PrintStream out, boolean inPlace) {
    this.run = run;
    this.out = out;
    this.inPlace = inPlace;
    this.before = run.report();
    this.thread = Thread.ofPlatform().daemon().name("live").start(this::draw);
  }

  /** Starts to show a run. */
  @SuppressWarnings("SystemConsoleNull") // its documentation still allows null
  public static Live of(Run<?> run, PrintStream out) {
    var console = System.console();
    return new Live(run, out, console != null && console.isTerminal());
  }

  private void draw() {
    try {
      while (!run.isDone()) {
        Thread.sleep(Duration.ofMillis(inPlace ? 250 : 2000));
        show();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private synchronized void show() {
    RunReport now = run.report();
    List<String> frame = frame(before, now, run.explain());
    before = now;
    var text = new StringBuilder();
    if (inPlace && lines > 0) {
      text.append("\u001b[").append(lines).append("A\u001b[J"); // up, and erase what is below
    }
    frame.forEach(line -> text.append(line).append(System.lineSeparator()));
    out.print(text);
    out.flush();
    lines = frame.size();
  }

  /**
   * The lines of one frame, none longer than 59 characters.
   *
   * @param before an earlier report, for the rates
   * @param explanation the text of {@link Run#explain}
   */
  static List<String> frame(RunReport before, RunReport now, String explanation) {
    List<String> hints =
        explanation
            .lines()
            .filter(line -> line.startsWith("bottleneck: ") || line.startsWith("buffer: "))
            .toList();
    double seconds = Math.max(1e-3, now.elapsed().minus(before.elapsed()).toNanos() / 1e9);
    List<String> frame = new ArrayList<>();
    frame.add(
        "%s %.1f s"
            .formatted(
                now.done() ? "ended after" : "running for", now.elapsed().toMillis() / 1000.0));
    frame.add("%-14s %9s %9s %7s %s".formatted("stage", "per s", "in flight", "queued", "queue"));
    for (int i = 0; i < now.stages().size(); i++) {
      StageReport stage = now.stages().get(i);
      StageReport earlier = i < before.stages().size() ? before.stages().get(i) : stage;
      boolean isSource = i == 0;
      long done = isSource ? stage.emitted() : stage.processed();
      long then = isSource ? earlier.emitted() : earlier.processed();
      String name = stage.name();
      boolean isBottleneck =
          hints.stream().anyMatch(hint -> hint.startsWith("bottleneck: '" + name + "'"));
      frame.add(
          String.format(
                  Locale.ROOT,
                  "%-14s %,9.0f %,9d %,7d %s%s",
                  name.length() <= NAME ? name : name.substring(0, NAME - 1) + "…",
                  Math.max(0, done - then) / seconds,
                  stage.inFlight(),
                  stage.queued(),
                  "#".repeat((int) Math.min(BAR, stage.queued())),
                  isBottleneck ? " <-" : "")
              .stripTrailing());
    }
    hints.forEach(hint -> wrap(hint, frame));
    return frame;
  }

  private static void wrap(String text, List<String> frame) {
    var line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > WIDTH) {
        frame.add(line.toString());
        line.setLength(0);
        line.append(" ");
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    frame.add(line.toString());
  }

  /** Shows the last figures, and stops. Waits for the thread that draws. */
  @Override
  public void close() throws InterruptedException {
    thread.interrupt();
    thread.join();
    show();
  }
}
