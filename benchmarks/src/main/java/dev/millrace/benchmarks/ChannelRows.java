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

/**
 * Runs the published rows of {@link ChannelBenchmark} and {@link SelectBenchmark}: all peers of a
 * row one after the other. Writes a table of the medians, and JMH's raw results.
 *
 * <p>Arguments: the directory for {@code channels.md} and {@code channels.json}; then, to run only
 * some rows, a part of their names.
 */
public final class ChannelRows {

  private static final List<String> RENDEZVOUS =
      List.of("millrace", "kotlin", "jox", "synchronous", "transfer");
  private static final List<String> BUFFERED =
      List.of("millrace", "kotlin", "jox", "array", "linked");
  private static final List<String> SELECT = List.of("millrace", "kotlin", "jox");

  private record Row(
      String name, String benchmark, Map<String, String> parameters, List<String> peers) {
    static Row channel(String name, String method, int capacity) {
      return new Row(
          name + (capacity == 0 ? ", rendezvous" : ", buffered " + capacity),
          "ChannelBenchmark." + method,
          Map.of("capacity", Integer.toString(capacity)),
          capacity == 0 ? RENDEZVOUS : BUFFERED);
    }

    static Row select(int clauses, int capacity) {
      return new Row(
          "select over " + clauses + (capacity == 0 ? ", rendezvous" : ", buffered " + capacity),
          "SelectBenchmark.select",
          Map.of("capacity", Integer.toString(capacity), "clauses", Integer.toString(clauses)),
          SELECT);
    }
  }

  private static final List<Row> ROWS =
      List.of(
          Row.channel("1 to 1", "oneToOne", 0),
          Row.channel("1 to 1", "oneToOne", 16),
          Row.channel("1 to 1", "oneToOne", 128),
          Row.channel("1 to 1", "oneToOne", 1024),
          Row.channel("8 to 8", "eightToEight", 0),
          Row.channel("8 to 8", "eightToEight", 64),
          Row.channel("chain of 1,000", "chain", 0),
          Row.channel("chain of 1,000", "chain", 16),
          Row.channel("1,000 pairs", "thousandPairs", 0),
          Row.channel("1,000 pairs", "thousandPairs", 16),
          Row.select(2, 0),
          Row.select(2, 16),
          Row.select(4, 0),
          Row.select(4, 16));

  private ChannelRows() {}

  /** Runs the rows. */
  public static void main(String[] args) throws RunnerException, IOException {
    Path directory = Path.of(args[0]);
    String wanted = args.length > 1 ? args[1] : "";
    List<RunResult> all = new ArrayList<>();
    var table = new StringBuilder();
    table.append(
        "| ns per element (bytes allocated) | millrace | kotlin | jox | best of j.u.c. |\n");
    table.append("|---|---|---|---|---|\n");
    for (Row row : ROWS) {
      if (!row.name.contains(wanted)) {
        continue;
      }
      Map<String, String> cells = new LinkedHashMap<>();
      double best = Double.MAX_VALUE;
      for (RunResult result : run(row)) {
        all.add(result);
        String peer = result.getParams().getParam("peer");
        if (SELECT.contains(peer)) {
          cells.put(peer, cell(result));
        } else if (median(result) < best) {
          best = median(result);
          cells.put("juc", cell(result) + " " + peer);
        }
      }
      table.append(
          "| %s | %s | %s | %s | %s |\n"
              .formatted(
                  row.name,
                  cells.get("millrace"),
                  cells.get("kotlin"),
                  cells.get("jox"),
                  cells.getOrDefault("juc", "–")));
      System.out.println(table);
    }
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("channels.md"), table);
    ResultFormatFactory.getInstance(
            ResultFormatType.JSON, directory.resolve("channels.json").toString())
        .writeOut(all);
  }

  private static Collection<RunResult> run(Row row) throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(row.benchmark + "$")
            .param("peer", row.peers.toArray(String[]::new))
            .forks(Integer.getInteger("forks", 3))
            .warmupIterations(4)
            .warmupTime(TimeValue.milliseconds(500))
            .measurementIterations(5)
            .measurementTime(TimeValue.milliseconds(500))
            .addProfiler(GCProfiler.class);
    row.parameters.forEach(options::param);
    return new Runner(options.build()).run();
  }

  private static double median(RunResult result) {
    return result.getPrimaryResult().getStatistics().getPercentile(50);
  }

  private static String cell(RunResult result) {
    Result<?> garbage = result.getSecondaryResults().get("gc.alloc.rate.norm");
    double bytes = garbage == null ? Double.NaN : garbage.getScore();
    return String.format(Locale.ROOT, "%.0f (%.0f)", median(result), bytes);
  }
}
