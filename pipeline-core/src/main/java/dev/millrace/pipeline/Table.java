package dev.millrace.pipeline;

import dev.millrace.errors.Descriptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Writes a report as a table: names to the left, figures to the right, a header above. */
final class Table {

  private static final List<String> HEADER =
      List.of(
          "stage",
          "received",
          "processed",
          "failed",
          "dropped",
          "in flight",
          "emitted",
          "queued",
          "waited for input",
          "waited for room");

  private Table() {}

  static String of(RunReport report) {
    List<List<String>> rows = new ArrayList<>(List.of(HEADER));
    report.stages().forEach(stage -> rows.add(row(stage)));
    int[] widths = new int[HEADER.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    var text = new StringBuilder();
    text.append(
        "run %s %s%n"
            .formatted(report.done() ? "ended after" : "goes on for", time(report.elapsed())));
    for (List<String> row : rows) {
      text.append(pad(row.getFirst(), widths[0], true));
      for (int i = 1; i < widths.length; i++) {
        text.append("  ").append(pad(row.get(i), widths[i], false));
      }
      text.append(System.lineSeparator());
    }
    return text.toString();
  }

  private static List<String> row(StageReport stage) {
    return List.of(
        stage.name(),
        String.valueOf(stage.received()),
        String.valueOf(stage.processed()),
        String.valueOf(stage.failed()),
        String.valueOf(stage.dropped()),
        String.valueOf(stage.inFlight()),
        String.valueOf(stage.emitted()),
        String.valueOf(stage.queued()),
        time(stage.waitedForInput().plus(stage.waitingForInput())),
        time(stage.waitedForOutput().plus(stage.waitingForOutput())));
  }

  private static String time(Duration time) {
    return Descriptions.ofDuration(time);
  }

  private static String pad(String text, int width, boolean left) {
    String space = " ".repeat(width - text.length());
    return left ? text + space : space + text;
  }
}
