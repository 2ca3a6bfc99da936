package dev.millrace.samples.transfer;

import dev.millrace.samples.command.BrokerCommand;
import java.io.PrintStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command: makes invoices of orders in two processes, and kills one of the processes. */
@Command(
    name = "demo transfer",
    mixinStandardHelpOptions = true,
    version = "Millrace demo",
    description = {
      "Makes invoices of orders in two processes, and kills one of the processes.",
      "The exit status is 0 if each order has exactly one invoice."
    })
public final class Transfer extends BrokerCommand {

  private static final String ORDERS = "orders";
  private static final String INVOICES = "invoices";

  private Transfer(PrintStream out) {
    super(out, ORDERS, INVOICES);
  }

  /** Runs the command and exits with its status. */
  public static void main(String[] args) {
    System.exit(execute(System.out, args));
  }

  static int execute(PrintStream out, String... args) {
    return new CommandLine(new Transfer(out)).execute(args);
  }

  @Override
  protected int run(String brokers) throws Exception {
    try (var run = new TransferRun(brokers, topic(ORDERS), topic(INVOICES), out)) {
      return run.isExactlyOnce() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }
  }
}
