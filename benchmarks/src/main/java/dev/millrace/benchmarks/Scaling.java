package dev.millrace.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** Runs each row of {@link ScalingRow} at each size, in a fresh JVM for each run. */
final class Scaling {

  private record Arm(ScalingRow row, int size) {}

  /** Of one run, for each unit: µs, µs of processor time, bytes; and the threads. */
  record Sample(double micros, double cpuMicros, double bytes, double threads) {}

  private static final int ROUNDS = 3;

  private final Bench.Settings settings;
  private final Map<Arm, List<Sample>> samples = new LinkedHashMap<>();

  private Scaling(Bench.Settings settings) {
    this.settings = settings;
  }

  static void run(Bench.Settings settings) throws IOException {
    new Scaling(settings).run();
  }

  private void run() throws IOException {
    for (ScalingRow row : ScalingRow.values()) {
      for (int size : row.sizes(settings.quick())) {
        if (settings.wants(row.title())) {
          samples.put(new Arm(row, size), new ArrayList<>());
        }
      }
    }
    int rounds = Integer.getInteger("rounds", settings.quick() ? 1 : ROUNDS);
    try (var progress = new Progress(settings.group(), rounds * samples.size())) {
      for (int round = 0; round < rounds; round++) {
        List<Arm> order = new ArrayList<>(samples.keySet());
        Collections.shuffle(order, new Random(round));
        for (Arm arm : order) {
          progress.next(arm.row.title() + ", " + arm.size);
          samples.computeIfAbsent(arm, one -> new ArrayList<>()).add(measure(arm));
          progress.step();
        }
      }
    }
    write();
  }

  private static Sample measure(Arm arm) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(Bench.HEAP));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(ScalingMain.class.getName(), arm.row.name(), "" + arm.size));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      String line = output.readLine();
      if (line == null) {
        throw new IOException("the process of " + arm + " has died");
      }
      String[] parts = line.split(" ", -1);
      return new Sample(
          Double.parseDouble(parts[0]),
          Double.parseDouble(parts[1]),
          Double.parseDouble(parts[2]),
          Double.parseDouble(parts[3]));
    } finally {
      process.destroyForcibly();
    }
  }

  private void write() throws IOException {
    var table = new StringBuilder(Bench.machine()).append("\n\n");
    table.append(
        "| row | size | unit | µs | least to most | µs of processor time | B | threads |\n");
    table.append("|---|---|---|---|---|---|---|---|\n");
    var json = new StringBuilder();
    Map<ScalingRow, Map<Double, Double>> lines = new LinkedHashMap<>();
    samples.forEach(
        (arm, all) -> {
          List<Double> micros = all.stream().map(Sample::micros).toList();
          table.append(
              String.format(
                  Locale.ROOT,
                  "| %s | %,d | %s | %.3f | %.3f to %.3f | %.3f | %.0f | %.0f |%n",
                  arm.row.title(),
                  arm.size,
                  arm.row.unit(),
                  Bench.median(micros),
                  Collections.min(micros),
                  Collections.max(micros),
                  Bench.median(all.stream().map(Sample::cpuMicros).toList()),
                  Bench.median(all.stream().map(Sample::bytes).toList()),
                  Bench.median(all.stream().map(Sample::threads).toList())));
          all.forEach(one -> json.append(json(arm, one)));
          lines
              .computeIfAbsent(arm.row, row -> new LinkedHashMap<>())
              .put((double) arm.size, 1000 * Bench.median(micros));
        });
    settings.write("table.md", table.toString());
    settings.write("json", json.toString());
    for (var line : lines.entrySet()) {
      ScalingRow row = line.getKey();
      settings.write(
          row.name().toLowerCase(Locale.ROOT) + ".svg",
          Chart.line(
              row.title() + ": ns for each " + row.unit(),
              List.copyOf(line.getValue().keySet()),
              List.copyOf(line.getValue().values())));
    }
    System.out.println(table);
  }

  private static String json(Arm arm, Sample one) {
    return String.format(
        Locale.ROOT,
        "{\"row\": \"%s\", \"size\": %d, \"micros\": %.4f, \"cpuMicros\": %.4f, \"bytes\": %.1f,"
            + " \"threads\": %.0f}%n",
        arm.row.title(),
        arm.size,
        one.micros,
        one.cpuMicros,
        one.bytes,
        one.threads);
  }
}
