package dev.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs the published rows of {@link PipelineBenchmark}: all peers of a row one after the other.
 * Writes a table of the medians, and JMH's raw results.
 *
 * <p>Arguments: the directory for {@code pipelines.table} and {@code pipelines.json}; then, to run
 * only some rows, a part of their names. The properties {@code -Dforks=}, {@code -Diterations=} and
 * {@code -Dmillis=} set the duration. With 2, 5 and 300 it takes less than 20 minutes.
 */
public final class PipelineRows {

  private static final List<String> PEERS =
      List.of(
          "millrace",
          "millrace-reactor",
          "reactor",
          "publishon",
          "flatmap",
          "rxjava",
          "kotlin",
          "pekko",
          "gatherers",
          "loop");

  private record Row(String name, String benchmark, List<String> peers) {
    Row(String name, String benchmark, String... others) {
      this(name, benchmark, withOurs(others));
    }

    private static List<String> withOurs(String[] others) {
      List<String> peers = new ArrayList<>(List.of("millrace", "millrace-reactor", "reactor"));
      peers.addAll(List.of(others));
      return peers;
    }
  }

  private static final List<Row> ROWS =
      List.of(
          new Row("fused chain of 4", "fused", "rxjava", "kotlin", "pekko", "gatherers", "loop"),
          new Row(
              "fused chain of 4, new objects",
              "fusedBoxes",
              "rxjava",
              "kotlin",
              "gatherers",
              "loop"),
          new Row("1 boundary", "oneBoundary", "publishon", "rxjava", "kotlin", "pekko"),
          new Row("3 boundaries", "threeBoundaries", "publishon", "rxjava", "kotlin", "pekko"),
          new Row(
              "parallel 8, trivial, unordered",
              "parallelUnordered",
              "flatmap",
              "rxjava",
              "kotlin",
              "pekko",
              "gatherers"),
          new Row(
              "parallel 8, trivial, ordered",
              "parallelOrdered",
              "rxjava",
              "kotlin",
              "pekko",
              "gatherers"),
          new Row(
              "parallel 8, 10 µs, unordered",
              "parallelCpuUnordered",
              "flatmap",
              "rxjava",
              "kotlin",
              "pekko",
              "gatherers"),
          new Row(
              "parallel 8, 10 µs, ordered",
              "parallelCpuOrdered",
              "rxjava",
              "kotlin",
              "pekko",
              "gatherers"),
          new Row("parallel 1,000, sleep of 1 ms", "parallelSleep", "rxjava", "gatherers"),
          new Row(
              "broadcast to 4 and merge", "broadcast", "publishon", "rxjava", "kotlin", "pekko"));

  private PipelineRows() {}

  /** Runs the rows. */
  public static void main(String[] args) throws RunnerException, IOException {
    Path directory = Path.of(args[0]);
    String wanted = args.length > 1 ? args[1] : "";
    List<RunResult> all = new ArrayList<>();
    var table = new StringBuilder();
    table.append("| ns (bytes) per element | %s |\n".formatted(String.join(" | ", PEERS)));
    table.append("|---|%s\n".formatted("---|".repeat(PEERS.size())));
    for (Row row : ROWS) {
      if (!row.name.contains(wanted)) {
        continue;
      }
      Map<String, String> cells = new LinkedHashMap<>();
      for (RunResult result : run(row)) {
        all.add(result);
        cells.put(result.getParams().getParam("peer"), cell(result));
      }
      String line =
          PEERS.stream()
              .map(peer -> cells.getOrDefault(peer, "–"))
              .collect(Collectors.joining(" | "));
      table.append("| %s | %s |\n".formatted(row.name, line));
      System.out.println(table);
    }
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("pipelines.table"), table);
    ResultFormatFactory.getInstance(
            ResultFormatType.JSON, directory.resolve("pipelines.json").toString())
        .writeOut(all);
  }

  private static Collection<RunResult> run(Row row) throws RunnerException {
    int iterations = Integer.getInteger("iterations", 5);
    var time = TimeValue.milliseconds(Integer.getInteger("millis", 300));
    var options =
        new OptionsBuilder()
            .include("PipelineBenchmark." + row.benchmark + "$")
            .param("peer", row.peers.toArray(String[]::new))
            .forks(Integer.getInteger("forks", 2))
            .warmupIterations(iterations)
            .warmupTime(time)
            .measurementIterations(iterations)
            .measurementTime(time)
            .addProfiler(GCProfiler.class);
    return new Runner(options.build()).run();
  }

  private static String cell(RunResult result) {
    Result<?> garbage = result.getSecondaryResults().get("gc.alloc.rate.norm");
    double bytes = garbage == null ? Double.NaN : garbage.getScore();
    double median = result.getPrimaryResult().getStatistics().getPercentile(50);
    String digits = median < 100 ? "%.1f (%.1f)" : "%.0f (%.0f)";
    return String.format(Locale.ROOT, digits, median, bytes);
  }
}
