package dev.millrace.benchmarks.kafka;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A fresh JVM that consumes with one arm. */
final class Consumption implements AutoCloseable {

  /** A run ends after this time; the rate is then the rate of the handled records. */
  static final int SECONDS = Integer.getInteger("seconds", 8);

  /** The least rate, for the time limit of a run of millions of records. */
  private static final int AT_LEAST_PER_SECOND = 25_000;

  private final Process process;
  private final BufferedReader output;

  private Consumption(Process process) {
    this.process = process;
    this.output = process.inputReader(StandardCharsets.UTF_8);
  }

  static Consumption start(String servers, String topic, String group, Cell cell, Arms arm)
      throws IOException {
    int seconds =
        cell.keys() == Cell.Keys.PACED
            ? (Pace.WARM_UP + Pace.MEASURED) / Pace.PER_SECOND + SECONDS
            : SECONDS + cell.records() / AT_LEAST_PER_SECOND;
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xms1g", "-Xmx1g", "-XX:+AlwaysPreTouch"));
    command.addAll(List.of("-Dlogback.configurationFile=" + KafkaRows.LOGBACK));
    command.addAll(List.of(System.getProperty("child", "-Dnothing=more").split(" ")));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(ConsumeMain.class.getName());
    command.addAll(List.of(servers, topic, group, arm.name(), cell.keys().name()));
    command.addAll(List.of("" + cell.records(), "" + cell.workMillis(), "" + seconds));
    return new Consumption(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** Waits until the last record is handled, or the time is over. */
  void await() throws IOException {
    for (String line = line(); !line.equals(ConsumeMain.DONE); line = line()) {
      System.err.println(line); // a warning, most likely
    }
  }

  private String line() throws IOException {
    String line = output.readLine();
    if (line == null) {
      throw new IOException("the process that consumes has died");
    }
    return line;
  }

  /** Ends the measurement and returns it. */
  Map<String, Double> values() throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
    Map<String, Double> values = new LinkedHashMap<>();
    for (String line; (line = output.readLine()) != null; ) {
      if (line.startsWith(ConsumeMain.VALUE)) {
        String[] parts = line.split(" ", 3);
        values.put(parts[1], Double.valueOf(parts[2]));
      }
    }
    return values;
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
