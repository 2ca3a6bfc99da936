package dev.millrace.stages.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Finds the threads of runs, including virtual threads. */
final class Leaks {

  private static final Pattern NAME = Pattern.compile("\"millrace-(run|stage|sink-close)");

  private Leaks() {}

  /** Fails if there is such a thread. */
  static void check() {
    assertThat(threads()).as("threads of runs that have ended").isEmpty();
  }

  /** The lines of these threads in a dump of all threads. */
  static List<String> threads() {
    try {
      Path directory = Files.createTempDirectory("threads");
      Path dump = directory.resolve("dump");
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(dump.toString(), ThreadDumpFormat.TEXT_PLAIN);
      try (var lines = Files.lines(dump)) {
        return lines.filter(line -> NAME.matcher(line).find()).toList();
      } finally {
        Files.delete(dump);
        Files.delete(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
