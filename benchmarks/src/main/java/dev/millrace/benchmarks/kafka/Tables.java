package dev.millrace.benchmarks.kafka;

import java.util.List;
import java.util.Locale;

/** The medians, as tables in Markdown. */
final class Tables {

  private static final List<String> LATENCIES = List.of("p50", "p99", "p999", "max", "commitP99");

  private final List<Measurement> measured;
  private final StringBuilder text = new StringBuilder();

  private Tables(List<Measurement> measured) {
    this.measured = measured;
  }

  static String of(List<Measurement> measured) {
    var tables = new Tables(measured);
    tables.table("records/s", "perSecond");
    tables.table("records committed when the last one was handled", "committed");
    tables.table("bytes allocated per record", "bytesPerRecord");
    tables.table("most platform threads at any time, including the threads of the JVM", "threads");
    tables.table("ms from the start of the JVM to the first record", "firstRecordMillis");
    tables.latency();
    return tables.text.toString();
  }

  private void table(String title, String value) {
    List<Cell> cells =
        Cell.ALL.stream()
            .filter(cell -> cell.keys() != Cell.Keys.PACED)
            .filter(cell -> measured.stream().anyMatch(one -> one.cell().equals(cell.title())))
            .toList();
    if (cells.isEmpty()) {
      return;
    }
    head(title, cells.stream().map(Cell::title).toList());
    for (Arms arm : Arms.values()) {
      if (cells.stream().allMatch(cell -> Double.isNaN(median(cell, arm, value)))) {
        continue;
      }
      row(arm, cells.stream().map(cell -> number(median(cell, arm, value))).toList());
    }
    text.append('\n');
  }

  private void latency() {
    Cell cell = Cell.ALL.getLast();
    head("ms", List.of("p50", "p99", "p99.9", "max", "handled to committed, p99"));
    for (Arms arm : cell.arms()) {
      if (Double.isNaN(median(cell, arm, "p50"))) {
        continue;
      }
      row(
          arm,
          LATENCIES.stream()
              .map(name -> median(cell, arm, name) / 1000)
              .map(millis -> millis.isNaN() ? "–" : String.format(Locale.ROOT, "%.1f", millis))
              .toList());
    }
  }

  private void head(String title, List<String> columns) {
    text.append("| ").append(title).append(" | ").append(String.join(" | ", columns));
    text.append(" |\n|---|").append("---|".repeat(columns.size())).append('\n');
  }

  private void row(Arms arm, List<String> values) {
    text.append("| ").append(arm.title).append(" | ").append(String.join(" | ", values));
    text.append(" |\n");
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, "%,.0f", value);
  }

  /** The median of the rounds; NaN if there is none. */
  private double median(Cell cell, Arms arm, String name) {
    double[] values =
        measured.stream()
            .filter(one -> one.cell().equals(cell.title()) && one.arm() == arm)
            .mapToDouble(one -> one.value(name))
            .filter(value -> !Double.isNaN(value))
            .sorted()
            .toArray();
    return values.length == 0 ? Double.NaN : values[values.length / 2];
  }
}
