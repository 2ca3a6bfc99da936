package dev.millrace.samples.verify;

import dev.millrace.testkit.LocalBroker;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command: verifies the jars of a local Maven repository through Kafka. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    version = "Millrace demo",
    sortOptions = false,
    description =
        "Verifies the jars of your local Maven repository through Kafka: a pipeline sends one"
            + " record for each, a consumer app checks SHA-1 and CRCs, and a last consumer adds"
            + " up.",
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:everything balances, and every jar is sound",
      "1:a jar is not, or the figures do not balance",
      "2:bad usage, or something that is needed is not there"
    })
public final class VerifyRepository implements Callable<Integer> {

  private static final int REACH_SECONDS = 10;
  private static final long HOOK_SECONDS = 30;

  /** A requirement is missing: one line for the user. */
  private static final class EnvironmentException extends Exception {
    private static final long serialVersionUID = 1L;

    EnvironmentException(String message) {
      super(message);
    }
  }

  @Option(
      names = "--repository",
      paramLabel = "DIR",
      description = "the repository; by default that of Maven's settings",
      defaultValue = "${sys:maven.repo.local:-${sys:user.home}/.m2/repository}")
  private Path repository = Path.of("");

  @Option(
      names = "--bootstrap-servers",
      paramLabel = "HOST:PORT",
      description = "an existing broker; by default one is started for the run")
  private @Nullable String bootstrapServers;

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      description = "how many jars are verified at the same time (${DEFAULT-VALUE})",
      defaultValue = "16")
  private int concurrency;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "verify the first N jars only",
      defaultValue = "2147483647",
      showDefaultValue = CommandLine.Help.Visibility.NEVER)
  private int limit;

  @Option(
      names = "--http",
      paramLabel = "PORT",
      description = "show the consumer at http://localhost:PORT/ while it runs")
  private @Nullable Integer http;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final PrintStream out;
  private final PrintStream err;

  VerifyRepository(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** Runs the command and exits with its status. */
  public static void main(String[] args) {
    System.exit(execute(System.out, System.err, args));
  }

  static int execute(PrintStream out, PrintStream err, String... args) {
    var command = new VerifyRepository(out, err);
    int status = commandLine(command, out, err).execute(args);
    command.ended.countDown();
    return status;
  }

  private static CommandLine commandLine(
      VerifyRepository command, PrintStream out, PrintStream err) {
    return new CommandLine(command)
        .setParameterExceptionHandler(
            (e, arguments) -> {
              err.println("demo: " + e.getMessage() + " (--help shows the options)");
              return CommandLine.ExitCode.USAGE;
            })
        .setExecutionExceptionHandler(
            (e, failed, result) -> {
              err.println(
                  "demo: " + (e instanceof EnvironmentException ? "" : "failed: ") + message(e));
              return CommandLine.ExitCode.USAGE;
            })
        .setOut(new PrintWriter(out, true, out.charset()))
        .setErr(new PrintWriter(err, true, err.charset()));
  }

  private static String message(Throwable e) {
    Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }

  @Override
  public Integer call() throws Exception {
    if (concurrency < 1) {
      throw new EnvironmentException("--concurrency must be at least 1, but is " + concurrency);
    }
    if (limit < 1) {
      throw new EnvironmentException("--limit must be at least 1, but is " + limit);
    }
    if (!Files.isDirectory(repository)) {
      throw new EnvironmentException("there is no directory " + repository + ": --repository DIR");
    }
    Path root = repository.toRealPath();
    List<Path> jars = JarFiles.below(root, limit, warning -> err.println("demo: " + warning));
    String existing = bootstrapServers;
    if (existing != null) {
      return verify(root, jars, existing);
    }
    out.println("starting a broker …");
    try (var broker = startBroker()) {
      return verify(root, jars, broker.bootstrapServers());
    }
  }

  private static LocalBroker startBroker() throws EnvironmentException, InterruptedException {
    try {
      return LocalBroker.start();
    } catch (IOException e) {
      throw new EnvironmentException("the broker does not start: " + e.getMessage());
    }
  }

  private int verify(Path root, List<Path> jars, String servers) throws Exception {
    var topics = Topics.of(UUID.randomUUID().toString().substring(0, 8));
    try (Admin admin = connect(servers)) {
      dev.millrace.testkit.Topics.create(
          admin, topics.all().stream().map(VerifyRepository::topic).toList());
      try {
        out.printf("verifying %,d jars of %s%n", jars.size(), root);
        return verify(root, jars, servers, topics);
      } finally {
        admin.deleteTopics(topics.all()).all().get();
      }
    }
  }

  private static NewTopic topic(String name) {
    return new NewTopic(name, Optional.of(Topics.PARTITIONS), Optional.empty());
  }

  private int verify(Path root, List<Path> jars, String servers, Topics topics) throws Exception {
    var verification = new Verification(root, servers, topics, concurrency, http, err);
    Thread hook = Thread.ofPlatform().unstarted(() -> onSignal(verification));
    Runtime.getRuntime().addShutdownHook(hook);
    Verification.Outcome outcome;
    try (Progress progress = Progress.of(jars.size(), out)) {
      outcome = verification.run(jars, progress);
    }
    out.print(Report.of(outcome));
    out.flush();
    if (!outcome.interrupted()) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
    boolean good = outcome.balanced() && outcome.tally().deadLettered() == 0;
    return good ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  /** On Ctrl-C: stop sending, and end the command before the process ends. */
  private void onSignal(Verification verification) {
    verification.interrupt();
    try {
      if (!ended.await(HOOK_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("demo: the run does not end; it is given up");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** An admin client of a broker that answers. */
  private static Admin connect(String servers) throws EnvironmentException, InterruptedException {
    List<String> problems = new ArrayList<>();
    try {
      Admin admin =
          Admin.create(
              Map.<String, Object>of(
                  "bootstrap.servers",
                  servers,
                  "request.timeout.ms",
                  4000,
                  "default.api.timeout.ms",
                  8000));
      try {
        admin.describeCluster().clusterId().get(REACH_SECONDS - 1, TimeUnit.SECONDS);
        return admin;
      } catch (ExecutionException | TimeoutException e) {
        problems.add(message(e));
        admin.close(Duration.ZERO);
      }
    } catch (KafkaException e) { // a text that cannot be an address
      problems.add(message(e.getCause() == null ? e : e.getCause()));
    }
    throw new EnvironmentException(
        "no Kafka broker answers at %s within %d s: %s"
            .formatted(servers, REACH_SECONDS, problems.getFirst()));
  }
}
