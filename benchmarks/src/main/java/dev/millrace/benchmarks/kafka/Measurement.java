package dev.millrace.benchmarks.kafka;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One run of one arm in one cell.
 *
 * @param values the measured values by name
 */
record Measurement(String cell, Arms arm, int round, Map<String, Double> values) {

  private static final Pattern FIELD = Pattern.compile("\"(\\w+)\": (\"[^\"]*\"|[-\\d.]+)");

  double value(String name) {
    return values.getOrDefault(name, Double.NaN);
  }

  boolean is(Cell of, Arms by, int in) {
    return cell.equals(of.title()) && arm == by && round == in;
  }

  /** The measurement as a JSON object, on one line. */
  String toJson() {
    var json = new StringBuilder();
    json.append(
        "{\"cell\": \"%s\", \"arm\": \"%s\", \"round\": %d".formatted(cell, arm.name(), round));
    values.forEach(
        (name, value) -> json.append(String.format(Locale.ROOT, ", \"%s\": %.1f", name, value)));
    return json.append('}').toString();
  }

  /** Reads a line that {@link #toJson} has written. */
  static Measurement parse(String line) {
    Map<String, String> fields = new LinkedHashMap<>();
    Matcher matcher = FIELD.matcher(line);
    while (matcher.find()) {
      fields.put(matcher.group(1), matcher.group(2).replace("\"", ""));
    }
    String cell = fields.remove("cell");
    String arm = fields.remove("arm");
    String round = fields.remove("round");
    if (cell == null || arm == null || round == null) {
      throw new IllegalArgumentException("this is no measurement: " + line);
    }
    Map<String, Double> values = new LinkedHashMap<>();
    fields.forEach((name, value) -> values.put(name, Double.valueOf(value)));
    return new Measurement(cell, Arms.valueOf(arm), Integer.parseInt(round), values);
  }

  /** The measurements of an earlier, interrupted run; empty if there was none. */
  static List<Measurement> read(Path file) throws IOException {
    List<Measurement> all = new ArrayList<>();
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        if (line.startsWith("{")) {
          all.add(parse(line));
        }
      }
    }
    return all;
  }

  static void write(Path file, List<Measurement> all) throws IOException {
    List<String> lines = all.stream().map(Measurement::toJson).toList();
    Files.writeString(file, "[\n" + String.join(",\n", lines) + "\n]\n");
  }
}
