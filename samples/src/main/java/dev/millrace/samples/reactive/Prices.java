package dev.millrace.samples.reactive;

import dev.millrace.kafka.LoopFigures;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import dev.millrace.samples.command.BrokerCommand;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.kafka.receiver.ReceiverOptions;

/** The command: lets the service read three lists of prices, one of which is malformed. */
@Command(
    name = "demo reactive",
    mixinStandardHelpOptions = true,
    version = "Millrace demo",
    description = {
      "Lets a service on Reactor read three lists of prices, one of which is malformed.",
      "The exit status is 0 if the store has all prices of the other two."
    })
public final class Prices extends BrokerCommand {

  private static final String LISTS = "price-lists";
  private static final String DEAD_LETTERS = "price-lists.dead";
  private static final String MALFORMED = "malformed";
  private static final int ARTICLES = 1_000;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Map<String, BigDecimal> store = new ConcurrentHashMap<>();

  private Prices(PrintStream out) {
    super(out, LISTS, DEAD_LETTERS);
  }

  /** Runs the command and exits with its status. */
  public static void main(String[] args) {
    System.exit(execute(System.out, args));
  }

  static int execute(PrintStream out, String... args) {
    return new CommandLine(new Prices(out)).execute(args);
  }

  @Override
  protected int run(String brokers) throws Exception {
    var loop = PriceService.loop(options(brokers), topic(DEAD_LETTERS), PriceStore.in(store));
    var ended = loop.run().toFuture();
    sendLists(brokers, List.of("adams", "baker", MALFORMED));
    LoopFigures figures = awaitSettled(loop, 3, ended);
    loop.drained(Duration.ofSeconds(10)).block();
    ended.get();
    out.printf("prices         %,d%n", store.size());
    out.printf("dead letters   %d%n", figures.deadLetters());
    return store.size() == 2 * ARTICLES && figures.deadLetters() == 1
        ? CommandLine.ExitCode.OK
        : CommandLine.ExitCode.SOFTWARE;
  }

  private ReceiverOptions<String, String> options(String brokers) {
    return ReceiverOptions.<String, String>create(
            Map.of("bootstrap.servers", brokers, "group.id", topic("prices")))
        .withKeyDeserializer(new StringDeserializer())
        .withValueDeserializer(new StringDeserializer())
        .subscription(Set.of(topic(LISTS)));
  }

  /** Writes a list of each supplier, and sends a record for it. */
  private void sendLists(String brokers, List<String> suppliers) throws Exception {
    Path folder = Files.createTempDirectory("price-lists");
    folder.toFile().deleteOnExit();
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", brokers), new StringSerializer(), new StringSerializer())) {
      for (String supplier : suppliers) {
        Path list = Files.write(folder.resolve(supplier), lines(supplier));
        list.toFile().deleteOnExit();
        producer.send(new ProducerRecord<>(topic(LISTS), supplier, list.toString())).get();
      }
    }
  }

  private static List<String> lines(String supplier) {
    return supplier.equals(MALFORMED)
        ? List.of("no price")
        : IntStream.range(0, ARTICLES).mapToObj(i -> supplier + "-" + i + ";12.50").toList();
  }

  /** Fails as the loop does. */
  private static LoopFigures awaitSettled(
      ReactorKafkaLoop<?, ?> loop, int records, CompletableFuture<?> ended) {
    return Objects.requireNonNull(
        Flux.interval(Duration.ofMillis(100))
            .map(tick -> loop.status().figures())
            .filter(figures -> figures.settled() == records)
            .takeUntilOther(Mono.fromFuture(ended, true))
            .blockFirst(PATIENCE));
  }
}
