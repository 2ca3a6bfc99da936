package dev.millrace.samples.orders;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.RunReport;
import dev.millrace.samples.command.Live;
import dev.millrace.stages.DeadLetterFile;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command: prices a file of orders with a shop in trouble. */
@Command(
    name = "demo orders",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Prices orders of a CSV file over HTTP, with a shop that fails and hangs. Writes totals.csv"
            + " and dead-letters.jsonl.")
public final class OrdersDemo implements Callable<Integer> {

  private static final Duration DEADLINE = Duration.ofMinutes(1);

  @Option(
      names = "--engine",
      description = "channels or reactor (${DEFAULT-VALUE})",
      defaultValue = "channels")
  private String engine = "";

  @Option(
      names = "--directory",
      paramLabel = "DIR",
      description = "with orders.csv, which is made if there is none; by default a new one")
  private @Nullable Path directory;

  @Option(
      names = "--live",
      description = "show the stages while it runs: rates, queues and the bottleneck")
  private boolean live;

  private final PrintStream out;

  OrdersDemo(PrintStream out) {
    this.out = out;
  }

  /** Runs the command and exits with its status. */
  public static void main(String[] args) {
    System.exit(execute(System.out, args));
  }

  static int execute(PrintStream out, String... args) {
    return new CommandLine(new OrdersDemo(out)).execute(args);
  }

  @Override
  public Integer call() throws Exception {
    Path files = directory == null ? Files.createTempDirectory("orders") : directory;
    Path orders = files.resolve("orders.csv");
    if (Files.notExists(orders)) {
      writeOrders(orders);
    }
    try (var shop = new FakeShop(Duration.ofSeconds(1));
        var client = new ShopClient(shop.uri());
        var deadLetters = DeadLetterFile.json(files.resolve("dead-letters.jsonl"));
        var context = Context.background().withTimeout(DEADLINE);
        var run =
            OrdersJob.of(
                    orders,
                    new Pricing(client, Duration.ofMillis(500)),
                    FailurePolicy.deadLetters(deadLetters),
                    files.resolve("totals.csv"))
                .start(Engine.named(engine), context)) {
      long customers = join(run);
      RunReport report = run.report();
      out.printf(
          "orders        %,d priced in %d ms%n",
          report.stage("price").processed(), report.elapsed().toMillis());
      out.printf(
          "questions     %,d for prices, %,d failed%n", shop.questions.get(), shop.failures.get());
      out.printf(
          "dead letters  %,d%n", report.stages().stream().mapToLong(stage -> stage.failed()).sum());
      out.printf("customers     %,d in %s%n", customers, files.resolve("totals.csv"));
      return report.balances() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }
  }

  private long join(Run<Long> run) throws InterruptedException, ExecutionException {
    if (!live) {
      return run.join();
    }
    try (var shown = Live.of(run, out)) {
      return run.join();
    }
  }

  /** 300 orders; some items do not exist, and one line is broken. */
  private static void writeOrders(Path file) throws IOException {
    List<String> items = List.of("apple", "pear", "plum");
    List<String> lines = new ArrayList<>(List.of(Order.HEADER));
    for (int id = 1; id <= 300; id++) {
      String item = id % 100 == 3 ? "ghost" : items.get(id % items.size());
      lines.add(new Order(id, "customer" + id % 9, item, 1 + id % 4).toCsv());
    }
    lines.add("the last line is torn");
    Files.write(file, lines);
  }
}
