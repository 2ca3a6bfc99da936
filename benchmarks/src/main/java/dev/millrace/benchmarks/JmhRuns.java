package dev.millrace.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs rows with JMH. Each round has a fresh JVM for each arm (a peer in a row), in another order.
 * Writes a table, JMH's raw results, and a chart.
 */
final class JmhRuns {

  private record Arm(BenchRow row, String peer) {}

  /** The medians of the rounds of an arm, and bytes per element. */
  private record Cell(List<Double> medians, List<Double> bytes) {
    private Cell() {
      this(new ArrayList<>(), new ArrayList<>());
    }

    private void add(RunResult result) {
      medians.add(result.getPrimaryResult().getStatistics().getPercentile(50));
      Result<?> garbage = result.getSecondaryResults().get("gc.alloc.rate.norm");
      bytes.add(garbage == null ? Double.NaN : garbage.getScore());
    }

    private double median() {
      return Bench.median(medians);
    }
  }

  private final Bench.Settings settings;
  private final List<RunResult> raw = new ArrayList<>();
  private final Map<Arm, Cell> cells = new LinkedHashMap<>();
  private double leastLoad = Double.MAX_VALUE;
  private double mostLoad;

  private JmhRuns(Bench.Settings settings) {
    this.settings = settings;
  }

  static void run(Bench.Settings settings, List<BenchRow> rows)
      throws RunnerException, IOException {
    new JmhRuns(settings).run(rows.stream().filter(row -> settings.wants(row.name())).toList());
  }

  private void run(List<BenchRow> rows) throws RunnerException, IOException {
    List<Arm> arms = new ArrayList<>();
    rows.forEach(row -> row.peers().forEach(peer -> arms.add(new Arm(row, peer))));
    int rounds = Integer.getInteger("rounds", settings.quick() ? 2 : 5);
    try (var progress = new Progress(settings.group(), rounds * arms.size())) {
      for (int round = 0; round < rounds; round++) {
        List<Arm> order = new ArrayList<>(arms);
        Collections.shuffle(order, new Random(round));
        for (Arm arm : order) {
          progress.next(arm.row.name() + ", " + arm.peer);
          measure(arm);
          progress.step();
        }
      }
    }
    write(rows);
  }

  private void measure(Arm arm) throws RunnerException {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    leastLoad = Math.min(leastLoad, load);
    mostLoad = Math.max(mostLoad, load);
    TimeValue time = TimeValue.milliseconds(settings.quick() ? 200 : 500);
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(arm.row.benchmark() + "$")
            .param("peer", arm.peer)
            .forks(1)
            .jvmArgs(Bench.HEAP)
            .jvmArgsAppend("--sun-misc-unsafe-memory-access=allow")
            .warmupIterations(settings.quick() ? 4 : 5)
            .warmupTime(time)
            .measurementIterations(settings.quick() ? 3 : 5)
            .measurementTime(time)
            .verbosity(VerboseMode.SILENT)
            .addProfiler(GCProfiler.class);
    arm.row.parameters().forEach(options::param);
    for (RunResult result : new Runner(options.build()).run()) {
      raw.add(result);
      cells.computeIfAbsent(arm, one -> new Cell()).add(result);
    }
  }

  private void write(List<BenchRow> rows) throws IOException {
    var table = new StringBuilder(Bench.machine());
    table.append(
        String.format(Locale.ROOT, "Load of the machine: %.1f to %.1f.%n%n", leastLoad, mostLoad));
    table.append(
        "| row | peer | ns per element | rounds, least to most | of the best peer | B |\n");
    table.append("|---|---|---|---|---|---|\n");
    Map<String, Map<String, Double>> chart = new LinkedHashMap<>();
    for (BenchRow row : rows) {
      Map<String, Double> bars = new LinkedHashMap<>();
      double best = best(row);
      for (String peer : row.peers()) {
        Cell cell = cells.get(new Arm(row, peer));
        if (cell != null) {
          bars.put(peer, cell.median());
          table.append(line(row, peer, cell, best));
        }
      }
      chart.put(row.name(), bars);
    }
    settings.write("table.md", table.toString());
    settings.write("svg", Chart.bars(settings.group() + ", ns per element", chart));
    Path json = settings.directory().resolve(settings.group() + ".json");
    Files.createDirectories(settings.directory());
    ResultFormatFactory.getInstance(ResultFormatType.JSON, json.toString()).writeOut(raw);
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Files.writeString(json, Files.readString(json).replace(java, "java")); // no path of a machine
    System.out.println(table);
  }

  /** The best median of the peers that are not ours. */
  private double best(BenchRow row) {
    return row.peers().stream()
        .filter(peer -> !peer.startsWith("millrace"))
        .map(peer -> cells.get(new Arm(row, peer)))
        .filter(cell -> cell != null)
        .mapToDouble(Cell::median)
        .min()
        .orElse(Double.NaN);
  }

  private static String line(BenchRow row, String peer, Cell cell, double best) {
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %s to %s | %.2f | %.1f |%n",
        row.name(),
        peer,
        Chart.number(cell.median()),
        Chart.number(Collections.min(cell.medians)),
        Chart.number(Collections.max(cell.medians)),
        cell.median() / best,
        Bench.median(cell.bytes));
  }
}
