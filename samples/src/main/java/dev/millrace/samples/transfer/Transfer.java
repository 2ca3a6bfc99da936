package dev.millrace.samples.transfer;

import dev.millrace.testkit.LocalBroker;
import dev.millrace.testkit.Topics;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command: makes invoices of orders in two processes, and kills one of the processes. */
@Command(
    name = "demo transfer",
    mixinStandardHelpOptions = true,
    description = {
      "Makes invoices of orders in two processes, and kills one of the processes.",
      "The exit status is 0 if each order has exactly one invoice."
    })
public final class Transfer implements Callable<Integer> {

  private static final int PARTITIONS = 6;

  @Option(
      names = "--bootstrap-servers",
      paramLabel = "HOST:PORT",
      description = "an existing broker; by default one is started for the run")
  private @Nullable String bootstrapServers;

  private final PrintStream out;

  private Transfer(PrintStream out) {
    this.out = out;
  }

  /** Runs the command and exits with its status. */
  public static void main(String[] args) {
    System.exit(execute(System.out, args));
  }

  static int execute(PrintStream out, String... args) {
    return new CommandLine(new Transfer(out)).execute(args);
  }

  @Override
  public Integer call() throws Exception {
    String existing = bootstrapServers;
    if (existing != null) {
      return transfer(existing);
    }
    out.println("starting a broker …");
    try (var broker = LocalBroker.start()) {
      return transfer(broker.bootstrapServers());
    }
  }

  private int transfer(String brokers) throws Exception {
    String name = "transfer-" + UUID.randomUUID().toString().substring(0, 8);
    String orders = name + "-orders";
    String invoices = name + "-invoices";
    try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", brokers))) {
      Topics.create(admin, List.of(topic(orders), topic(invoices)));
      try (var run = new TransferRun(brokers, orders, invoices, out)) {
        return run.isExactlyOnce() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
      } finally {
        admin.deleteTopics(List.of(orders, invoices)).all().get();
      }
    }
  }

  private static NewTopic topic(String name) {
    return new NewTopic(name, Optional.of(PARTITIONS), Optional.empty());
  }
}
