package dev.millrace.testkit.chaos;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Finds the threads that a closed loop has left, including virtual threads. */
final class Leftovers {

  /** A thread in the JVM's dump: its name, and the mark of a virtual thread. */
  private static final Pattern THREAD = Pattern.compile("#\\d+ \"([^\"]*)\"( virtual)?.*");

  /** The timers belong to the process, and not to a loop or a run. */
  private static final Pattern OURS =
      Pattern.compile("millrace(?!-timers).*|kafka-.*|reactive-kafka.*|consumer_.*|.*leak.*");

  private static final int ATTEMPTS = 20;

  private Leftovers() {}

  /**
   * The names of the threads; empty if there are none. Threads that are about to end get one
   * second.
   */
  static String threads() throws IOException, InterruptedException {
    String found = find();
    for (int i = 0; i < ATTEMPTS && !found.isEmpty(); i++) {
      Thread.sleep(50); // there is nothing to be notified by
      found = find();
    }
    return found;
  }

  private static String find() throws IOException {
    Path directory = Files.createTempDirectory("threads");
    Path file = directory.resolve("dump.txt");
    var diagnostic = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    diagnostic.dumpThreads(file.toString(), ThreadDumpFormat.TEXT_PLAIN);
    List<String> lines = Files.readAllLines(file);
    Files.delete(file);
    Files.delete(directory);
    return lines.stream()
        .map(THREAD::matcher)
        .filter(Matcher::matches)
        .filter(thread -> thread.group(2) != null || OURS.matcher(thread.group(1)).matches())
        .map(thread -> "'" + thread.group(1) + "'" + (thread.group(2) == null ? "" : " (virtual)"))
        .collect(Collectors.joining(", "));
  }
}
