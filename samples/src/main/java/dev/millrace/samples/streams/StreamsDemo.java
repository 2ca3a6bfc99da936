package dev.millrace.samples.streams;

import dev.millrace.channel.Schedule;
import dev.millrace.context.Context;
import dev.millrace.service.ServiceProcess;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command: a backup now, or at each time of a cron expression. */
@Command(
    name = "demo streams",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Copies a directory, with the checksums of its files.",
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:everything is copied", "1:something could not be read", "2:bad usage"})
public final class StreamsDemo implements Callable<Integer> {

  @Parameters(index = "0", paramLabel = "DIR", description = "the directory to copy")
  private Path source = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "TARGET",
      arity = "0..1",
      description = "the directory for the copy; by default a new one")
  private @Nullable Path target;

  @Option(
      names = "--cron",
      paramLabel = "EXPRESSION",
      description = "waits, and copies at these times, until Ctrl-C; such as \"0 2 * * *\"",
      converter = Cron.class)
  private @Nullable Schedule schedule;

  private final PrintStream out;
  private final InstantSource clock;

  StreamsDemo(PrintStream out, InstantSource clock) {
    this.out = out;
    this.clock = clock;
  }

  /** Runs the command and exits with its status. */
  public static void main(String[] args) {
    System.exit(execute(System.out, Clock.systemUTC(), args));
  }

  static int execute(PrintStream out, InstantSource clock, String... args) {
    return new CommandLine(new StreamsDemo(out, clock)).execute(args);
  }

  private static final class Cron implements CommandLine.ITypeConverter<Schedule> {
    @Override
    public Schedule convert(String expression) {
      try {
        return Schedule.cron(expression, ZoneId.systemDefault());
      } catch (IllegalArgumentException e) {
        throw new CommandLine.TypeConversionException(String.valueOf(e.getMessage()));
      }
    }
  }

  @Override
  public Integer call() throws Exception {
    Path to = target == null ? Files.createTempDirectory("backup") : target;
    var backup = new Backup(source.toRealPath(), to.toAbsolutePath().normalize());
    Schedule times = schedule;
    if (times == null) {
      return copy(backup, to, Context.background());
    }
    out.println("next backup at " + times.nextAfter(clock.instant()));
    return ServiceProcess.run(
            context -> {
              for (Instant due : times.ticks(context, clock)) { // ends with the context
                out.println("backup of " + due);
                copy(backup, to, context);
              }
            },
            Duration.ofSeconds(10),
            out::println)
        .status();
  }

  private int copy(Backup backup, Path to, Context context) throws Exception {
    Backup.Summary summary = backup.run(context);
    summary.skipped().forEach(line -> out.println("skipped: " + line));
    out.printf("copied %,d files, %,d bytes%n", summary.files(), summary.bytes());
    out.printf("check: cd %s && sha256sum --check --quiet %s%n", to, Backup.SUMS);
    return summary.skipped().isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }
}
