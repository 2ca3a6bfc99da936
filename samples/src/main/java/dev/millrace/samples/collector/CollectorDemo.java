package dev.millrace.samples.collector;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.samples.collector.Collector.Counts;
import dev.millrace.samples.collector.Collector.Limits;
import dev.millrace.service.ServiceProcess;
import dev.millrace.sync.TaskGroup;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command: a collector under load, or one that serves until a signal. */
@Command(
    name = "demo collector",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Puts a collector of events under load, and counts what is lost. With --port it serves"
            + " until Ctrl-C instead: curl -i -d hello http://localhost:PORT/events")
public final class CollectorDemo implements Callable<Integer> {

  private static final Limits LIMITS = new Limits(10_000, 500, 16);
  private static final long MIB = 1 << 20;

  @Option(names = "--port", paramLabel = "N", description = "serves here, without a load")
  private @Nullable Integer port;

  @Option(names = "--seconds", description = "of load (${DEFAULT-VALUE})", defaultValue = "10")
  private int seconds;

  @Option(names = "--connections", description = "(${DEFAULT-VALUE})", defaultValue = "32")
  private int connections;

  @Option(
      names = "--store-millis",
      paramLabel = "N",
      description = "time to store a batch of 500 (${DEFAULT-VALUE}); try 1000",
      defaultValue = "20")
  private int storeMillis;

  private final PrintStream out;

  CollectorDemo(PrintStream out) {
    this.out = out;
  }

  /** Runs the command and exits with its status. */
  public static void main(String[] args) {
    System.setProperty("jdk.httpserver.maxConnections", "1000"); // bounds the open requests
    System.exit(execute(System.out, args));
  }

  static int execute(PrintStream out, String... args) {
    return new CommandLine(new CollectorDemo(out)).execute(args);
  }

  @Override
  public Integer call() throws Exception {
    var collector = new Collector(port == null ? 0 : port, LIMITS, this::store, this::deadLetter);
    if (port == null) {
      return underLoad(collector);
    }
    out.println("serving on port " + collector.port());
    int status = ServiceProcess.run(collector, Duration.ofSeconds(20)).status();
    out.println(collector.counts());
    return status;
  }

  private void store(List<String> batch) throws InterruptedException {
    Thread.sleep(storeMillis); // stands for a disk, or an object store
  }

  private void deadLetter(Failure<?> failure) {
    out.println("not stored: " + failure);
  }

  private int underLoad(Collector collector) throws Exception {
    var number = new AtomicLong();
    var load = new Load(collector.port(), () -> "event " + number.incrementAndGet(), event -> {});
    long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    Load.Answers answers;
    try (var stop = Context.background().withCancel();
        var group = TaskGroup.open(Context.background())) {
      var _ =
          group.fork(
              () -> {
                collector.run(stop);
                return true;
              });
      answers = load.run(connections, () -> System.nanoTime() < end);
      stop.cancel(); // the collector drains
      group.join();
    }
    Counts counts = collector.counts();
    long lost = answers.accepted() - counts.stored() - counts.deadLettered();
    out.printf("requests     %,d a minute%n", answers.perMinute());
    out.printf("accepted     %,d (202)%n", answers.accepted());
    out.printf("refused      %,d (429)%n", answers.refused());
    out.printf("stored       %,d, dead letters %,d%n", counts.stored(), counts.deadLettered());
    out.printf("lost         %,d%n", lost);
    System.gc();
    Runtime memory = Runtime.getRuntime();
    out.printf(
        "heap         %,d MiB in use after a collection, limit %,d MiB%n",
        (memory.totalMemory() - memory.freeMemory()) / MIB, memory.maxMemory() / MIB);
    return lost == 0 && answers.other() == 0
        ? CommandLine.ExitCode.OK
        : CommandLine.ExitCode.SOFTWARE;
  }
}
