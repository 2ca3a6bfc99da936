package dev.millrace.samples.services;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.service.RestartPolicy;
import dev.millrace.service.Services;
import dev.millrace.service.Tracker;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The services of the process, in the order of their start. They stop in the reverse order: first
 * the servers, so that no request comes; then the table; last the access log, which writes its
 * rest.
 */
final class PriceServices {

  private static final RestartPolicy RESTART =
      RestartPolicy.onFailure(
          Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(2)),
          4,
          Duration.ofMinutes(1));

  private final Tracker<String> accessLog;
  private final PriceTable table;
  private final TimedCalls calls;
  private final WebServer app;
  private final WebServer debug;
  private final Consumer<String> say;

  /**
   * Takes the ports.
   *
   * @param port of the app; 0 for any free port
   * @param table a properties file with the price of each item
   * @param log lines are added to it
   * @param say receives the events of the services; it must not block
   */
  PriceServices(int port, Path table, Path log, Consumer<String> say) throws IOException {
    this.say = say;
    this.table = new PriceTable(table, Duration.ofMillis(200));
    accessLog =
        Tracker.open(
            Channel.<String>dropNewest(1_000), // a slow disk never slows a request
            100,
            lines -> Files.write(log, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    calls = new TimedCalls(Duration.ofMillis(200), accessLog::tryEvent);
    app = new WebServer(port, "/price/", calls.around(this::price));
    debug =
        new WebServer(
            0,
            "/",
            exchange -> {
              try (exchange) {
                TimedCalls.respond(exchange, 200, accessLog + "\n" + calls.leftBehind());
              }
            });
  }

  /** All services as one, for {@link dev.millrace.service.ServiceProcess}. */
  Services services() {
    return Services.builder()
        .add("access log", this::writeAccessLog)
        .add("price table", table, RESTART)
        .add("debug server", debug)
        .add("app server", app)
        .stopWithin(Duration.ofSeconds(10))
        .onEvent(event -> say.accept(event.toString()))
        .build();
  }

  int port() {
    return app.port();
  }

  int debugPort() {
    return debug.port();
  }

  private void writeAccessLog(Context context) throws InterruptedException {
    context.done().receiveOrNull();
    try (var deadline = Context.background().withTimeout(Duration.ofSeconds(2))) {
      say.accept("access log: " + accessLog.shutdown(deadline));
    }
  }

  /** Two items stand for a callee in trouble: one that ignores interrupts, and a broken one. */
  private String price(URI request) {
    String item = request.getPath().substring("/price/".length());
    return switch (item) {
      case "slow" ->
          CompletableFuture.supplyAsync(
                  () -> "too late", CompletableFuture.delayedExecutor(2, TimeUnit.SECONDS))
              .join();
      case "broken" -> throw new AssertionError("no such database");
      default -> {
        String price = table.price(item);
        yield price == null ? "no price for " + item : item + " costs " + price;
      }
    };
  }
}
