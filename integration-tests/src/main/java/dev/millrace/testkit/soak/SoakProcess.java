package dev.millrace.testkit.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Soaks in a process of its own, with 64 MB of heap. */
final class SoakProcess {

  /** The names of the columns of a row. */
  static final String HEADER =
      """
      | engine | seed | took | runs | at once | cut short | drained | elements | steps \
      | live heap | growth | threads left |
      |---|---|---|---|---|---|---|---|---|---|---|---|
      """;

  /**
   * The result of a soak.
   *
   * @param status 0 if the soak has passed
   * @param output its standard output; the last line is a row of figures if the soak has passed
   */
  record Result(int status, String output) {
    String row() {
      return output.strip().lines().toList().getLast();
    }
  }

  private SoakProcess() {}

  /** Runs a soak, and waits for its end. */
  static Result run(SoakSettings settings) throws IOException, InterruptedException {
    Path output = Files.createTempFile("soak", ".out");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:MarkSweepDeadRatio=0", // otherwise up to 2 MB of garbage stay where they are
                "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED",
                "-Dsoak.verbose=" + Boolean.getBoolean("soak.verbose"),
                "-cp",
                System.getProperty("java.class.path"),
                SoakMain.class.getName()));
    command.addAll(settings.arguments());
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      int status = process.waitFor();
      return new Result(status, Files.readString(output));
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }
}
