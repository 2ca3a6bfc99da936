package dev.millrace.kafka;

import dev.millrace.kafka.internal.text.Brief;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;

/** The command line of {@link DeadLetterReplay}. */
final class ReplayCommand {

  static final int DONE = 0;
  static final int FAILED = 1;
  static final int MISUSED = 2;

  private static final String HELP =
      """
      usage: DeadLetterReplay [options] <file with Kafka's properties> <topic>

      Sends dead letters back to the topics and partitions that they came from.
      The file has at least bootstrap.servers. The progress is committed as the
      offsets of the group <topic>-replay: no letter is sent again.

        --reason <text>      only letters whose exception's class or message has this
        --group <name>       only letters of this consumer group
        --from <topic>       only letters that came from this topic
        --partition <n>      only letters that came from this partition
        --key <text>         only letters with this key
        --since <time>       only letters from this time on, such as 2026-01-31T12:00:00Z
        --until <time>       only letters before this time
        --limit <n>          at most this number of letters
        --rate <n>           at most this number of letters per second
        --dry-run            send and commit nothing; print a line for each letter
        --help               print this help

      Ends with status 0 if all went well, 1 if something failed, 2 if the arguments are wrong.
      """;

  private static final class MisuseException extends Exception {
    private static final long serialVersionUID = 1L;

    MisuseException(String message) {
      super(message);
    }
  }

  private static final String DRY_RUN = "--dry-run";

  private ReplayCommand() {}

  /** Runs the command; returns the status with which the process should end. */
  static int run(String[] arguments, PrintStream out, PrintStream err) {
    try {
      if (List.of(arguments).contains("--help")) {
        out.print(HELP);
        return DONE;
      }
      DeadLetterReplay.Report report = replay(new ArrayDeque<>(List.of(arguments)), out).run();
      boolean dry = List.of(arguments).contains(DRY_RUN);
      out.printf(
          "%d dead letters %s, %d %s left behind; %d records have no headers for their origin%n",
          report.sent(),
          dry ? "would be sent back" : "were sent back",
          report.left(),
          dry ? "would be" : "were",
          report.skipped());
      return DONE;
    } catch (MisuseException e) {
      err.println("DeadLetterReplay: " + e.getMessage());
      err.println("Try --help.");
      return MISUSED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      err.println("DeadLetterReplay: interrupted");
      return FAILED;
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      err.println("DeadLetterReplay: a letter could not be sent: " + Brief.of(cause));
      return FAILED;
    } catch (IOException | RuntimeException e) {
      err.println("DeadLetterReplay: " + Brief.of(e));
      return FAILED;
    }
  }

  private static DeadLetterReplay.Builder replay(Deque<String> arguments, PrintStream out)
      throws MisuseException, IOException {
    ReplayFilter filter = ReplayFilter.all();
    long limit = Long.MAX_VALUE;
    int rate = Integer.MAX_VALUE;
    boolean dry = false;
    while (!arguments.isEmpty() && arguments.element().startsWith("--")) {
      String option = arguments.remove();
      switch (option) {
        case DRY_RUN -> dry = true;
        case "--reason" -> filter = filter.reason(value(option, arguments));
        case "--group" -> filter = filter.group(value(option, arguments));
        case "--from" -> filter = filter.topic(value(option, arguments));
        case "--key" -> filter = filter.key(value(option, arguments));
        case "--partition" -> filter = filter.partition((int) number(option, arguments, 0));
        case "--since" -> filter = filter.since(time(option, arguments));
        case "--until" -> filter = filter.until(time(option, arguments));
        case "--limit" -> limit = number(option, arguments, 1);
        case "--rate" -> rate = (int) number(option, arguments, 1);
        default -> throw new MisuseException("there is no option " + option);
      }
    }
    if (arguments.size() != 2) {
      throw new MisuseException(
          "a file with Kafka's properties and a topic are needed, but there are %d arguments"
              .formatted(arguments.size()));
    }
    Map<String, String> properties = properties(Path.of(arguments.remove()));
    var replay =
        DeadLetterReplay.builder(properties, arguments.remove())
            .filter(filter)
            .limit(limit)
            .rate(rate);
    return dry ? replay.dryRun(out::println) : replay;
  }

  private static String value(String option, Deque<String> arguments) throws MisuseException {
    String value = arguments.poll();
    if (value == null) {
      throw new MisuseException(option + " needs a value");
    }
    return value;
  }

  private static long number(String option, Deque<String> arguments, int least)
      throws MisuseException {
    String value = value(option, arguments);
    if (!value.matches("\\d{1,9}") || Long.parseLong(value) < least) {
      throw new MisuseException(
          "%s needs a number from %d to 999999999, but has '%s'".formatted(option, least, value));
    }
    return Long.parseLong(value);
  }

  private static Instant time(String option, Deque<String> arguments) throws MisuseException {
    String value = value(option, arguments);
    try {
      return Instant.parse(value);
    } catch (DateTimeException e) {
      throw new MisuseException(
          "%s needs a time such as 2026-01-31T12:00:00Z, but has '%s'".formatted(option, value));
    }
  }

  private static Map<String, String> properties(Path path) throws MisuseException, IOException {
    var file = new Properties();
    try (Reader reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
      file.load(reader);
    } catch (NoSuchFileException e) {
      throw new MisuseException("there is no file " + path);
    }
    Map<String, String> properties = new HashMap<>();
    file.stringPropertyNames().forEach(name -> properties.put(name, file.getProperty(name)));
    return properties;
  }
}
