package dev.millrace.benchmarks;

import dev.millrace.benchmarks.kafka.KafkaRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs a group of benchmarks, and writes its tables, raw results and charts.
 *
 * <p>Arguments: {@code channels}, {@code pipelines}, {@code kafka} or {@code scaling}; then {@code
 * --quick} for a run of less than 10 minutes, {@code --only TEXT} for the rows with this text in
 * their names, {@code --to DIRECTORY}. The script {@code bench} at the root calls it.
 */
public final class Bench {

  /** A heap of one size whose pages exist, so that page faults cost no arm more than another. */
  static final String[] HEAP = {"-Xms1g", "-Xmx1g", "-XX:+AlwaysPreTouch"};

  /** The arguments. */
  record Settings(String group, boolean quick, String only, Path directory) {

    boolean wants(String row) {
      return row.contains(only);
    }

    /** Writes a file of the group. */
    void write(String ending, String text) throws IOException {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve(group + "." + ending), text);
    }
  }

  private Bench() {}

  /** Runs a group. */
  public static void main(String[] args) throws Exception {
    Settings settings = settings(List.of(args));
    switch (settings.group) {
      case "channels" -> JmhRuns.run(settings, ChannelRows.ROWS);
      case "pipelines" -> JmhRuns.run(settings, PipelineRows.ROWS);
      case "scaling" -> Scaling.run(settings);
      case "kafka" -> {
        System.setProperty("rounds", System.getProperty("rounds", settings.quick ? "1" : "3"));
        System.setProperty("seconds", System.getProperty("seconds", settings.quick ? "2" : "8"));
        KafkaRows.main(new String[] {settings.directory.toString(), settings.only});
      }
      default -> throw usage();
    }
    System.exit(0); // some peers leave threads behind
  }

  private static Settings settings(List<String> args) {
    if (args.isEmpty()) {
      throw usage();
    }
    boolean quick = false;
    String only = "";
    Path directory = Path.of("docs/benchmarks");
    for (int i = 1; i < args.size(); i++) {
      switch (args.get(i)) {
        case "--quick" -> quick = true;
        case "--only" -> only = args.get(++i);
        case "--to" -> directory = Path.of(args.get(++i));
        default -> throw usage();
      }
    }
    return new Settings(args.getFirst(), quick, only, directory);
  }

  private static IllegalArgumentException usage() {
    return new IllegalArgumentException(
        "bench channels|pipelines|kafka|scaling [--quick] [--only TEXT] [--to DIRECTORY]");
  }

  /** The machine, for the head of a table. */
  static String machine() {
    return "%d processors, JDK %s, %s. "
        .formatted(
            Runtime.getRuntime().availableProcessors(), Runtime.version(), String.join(" ", HEAP));
  }

  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }
}
