package dev.millrace.samples.services;

import dev.millrace.service.ProcessEnd;
import dev.millrace.service.ServiceProcess;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The command: supervised services that run until a signal comes, or one of them fails for good.
 */
@Command(
    name = "demo services",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Serves prices until Ctrl-C, with two HTTP servers, a table and an access log.")
public final class ServicesDemo implements Callable<Integer> {

  private static final Duration STOP_WITHIN = Duration.ofSeconds(20);

  @Option(names = "--port", description = "of the app (${DEFAULT-VALUE})", defaultValue = "8080")
  private int port;

  @Option(
      names = "--directory",
      paramLabel = "DIR",
      description = "for prices.properties and access.log; by default a new one")
  private @Nullable Path directory;

  private final PrintStream out;

  ServicesDemo(PrintStream out) {
    this.out = out;
  }

  /** Runs the command and exits with its status. */
  public static void main(String[] args) {
    System.exit(execute(System.out, args));
  }

  static int execute(PrintStream out, String... args) {
    return new CommandLine(new ServicesDemo(out)).execute(args);
  }

  @Override
  public Integer call() throws Exception {
    Path files = directory == null ? Files.createTempDirectory("services") : directory;
    Path table = files.resolve("prices.properties");
    if (Files.notExists(table)) {
      Files.write(table, List.of("apple=0.40", "pear=0.55"));
    }
    var services =
        new PriceServices(port, table, files.resolve("access.log"), line -> out.println(line));
    out.printf("app    http://localhost:%d/price/apple (slow, broken)%n", services.port());
    out.printf("debug  http://localhost:%d/%n", services.debugPort());
    out.printf("table  %s (remove it, and see the restarts)%n", table);
    ProcessEnd end = ServiceProcess.run(services.services(), STOP_WITHIN, out::println);
    return end.status();
  }
}
