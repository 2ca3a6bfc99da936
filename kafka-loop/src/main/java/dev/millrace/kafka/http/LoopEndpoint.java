package dev.millrace.kafka.http;

import dev.millrace.kafka.Health;
import dev.millrace.kafka.LoopStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Shows loops over HTTP: {@code /health/live} (the same as {@code /health}), {@code /health/ready}
 * and {@code /health/started} for probes of an orchestrator, which answer 200 or 503, {@code
 * /metrics} for Prometheus, {@code /status} as JSON, and at {@code /} a page that follows it.
 *
 * <pre>{@code
 * try (var endpoint = LoopEndpoint.builder().port(8080).loop(loop::status).start()) {
 *   loop.run(context);
 * }
 * }</pre>
 *
 * <p>It listens on the loopback address unless it is told another one. It has neither
 * authentication nor TLS: whoever reaches it can read the names of groups and topics, the figures,
 * and the messages of exceptions; nobody can change anything. Records are not shown, nor any of
 * Kafka's settings but {@code group.id} and {@code client.id}.
 *
 * <p>One thread accepts, and each connection has one, for one request; there are at most {@code
 * connections} of them, none lives longer than {@code timeout}, and of too many the oldest is
 * closed. So a slow client costs no more than that. A request that is not a GET or HEAD, has a
 * body, is too long or is malformed is refused, and so is one for a host of another name: see
 * {@link Builder#hostNames}.
 *
 * <p>Safe for use by many threads.
 */
public final class LoopEndpoint implements AutoCloseable {

  private final List<Supplier<LoopStatus>> loops;
  private final @Nullable Supplier<String> metrics;
  private final HostNames hostNames;
  private final InetAddress address;
  private final Response page = Page.load();
  private final Listener listener;

  private LoopEndpoint(Builder builder) {
    this.loops = List.copyOf(builder.loops);
    if (loops.isEmpty()) {
      throw new IllegalArgumentException("no loop: call loop(…)");
    }
    this.metrics = builder.metrics;
    this.hostNames = new HostNames(builder.hostNames);
    this.address = builder.address;
    var socket = new InetSocketAddress(address, builder.port);
    try {
      this.listener = new Listener(socket, builder.connections, builder.timeout, this::answer);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "nothing can listen on %s: %s".formatted(socket, e.getMessage()), e);
    }
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  private Response answer(Request request) {
    if (!hostNames.contain(request.host())) {
      return Response.bare(421, "Misdirected Request");
    }
    return switch (request.path()) {
      case "/" -> page;
      case "/health", "/health/live" -> health(Health::isAlive);
      case "/health/ready" -> health(Health::isReady);
      case "/health/started" -> health(Health::isStarted);
      case "/status" -> Response.json(StatusJson.status(Instant.now(), status()));
      case "/metrics" -> metrics();
      default -> Response.bare(404, "Not Found");
    };
  }

  private List<LoopStatus> status() {
    return loops.stream().map(Supplier::get).toList();
  }

  private Response health(Predicate<? super Health> isWell) {
    List<LoopStatus> status = status();
    String json = StatusJson.health(status);
    return status.stream().map(LoopStatus::health).allMatch(isWell)
        ? Response.json(json)
        : Response.unavailable(json);
  }

  private Response metrics() {
    Supplier<String> known = metrics;
    return known == null
        ? Response.bare(404, "Not Found")
        : Response.of(200, "OK", "text/plain; version=0.0.4; charset=utf-8", known.get());
  }

  /** Where the page is. */
  public URI uri() {
    String host = address.isAnyLocalAddress() ? "localhost" : address.getHostAddress();
    return URI.create(
        "http://%s:%d/".formatted(host.contains(":") ? "[" + host + "]" : host, listener.port()));
  }

  /** Stops listening and closes all connections. Does not close the loops. */
  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Settings with defaults; not safe for use by many threads. */
  public static final class Builder {

    private final List<Supplier<LoopStatus>> loops = new ArrayList<>();
    private final List<String> hostNames = new ArrayList<>();
    private @Nullable Supplier<String> metrics;
    private InetAddress address = InetAddress.getLoopbackAddress();
    private int port;
    private int connections = 32;
    private Duration timeout = Duration.ofSeconds(5);

    private Builder() {}

    /** A loop to show, such as {@code loop::status}; call it for each. */
    public Builder loop(Supplier<LoopStatus> status) {
      loops.add(Objects.requireNonNull(status, "status"));
      return this;
    }

    /**
     * What {@code /metrics} answers, in Prometheus' text format: {@code registry::scrape} of
     * Micrometer's {@code PrometheusMeterRegistry}. There is no such path without.
     */
    public Builder metrics(Supplier<String> scrape) {
      metrics = Objects.requireNonNull(scrape, "scrape");
      return this;
    }

    /** Where to listen; any port that is free if it is 0, the default: see {@link #uri}. */
    public Builder port(int number) {
      if (number < 0 || number > 65_535) {
        throw new IllegalArgumentException("a port is 0 to 65535, but is " + number);
      }
      port = number;
      return this;
    }

    /**
     * The address to listen on; that of loopback, which only this machine reaches. In a container,
     * whose probes come from outside, {@code InetAddress.ofLiteral("0.0.0.0")}.
     */
    public Builder address(InetAddress local) {
      address = Objects.requireNonNull(local, "address");
      return this;
    }

    /**
     * The names, without a port, under which clients may ask for it, besides {@code localhost} and
     * addresses. A request for another name is refused: it may come from a page of somebody else,
     * whose name is made to point here.
     */
    public Builder hostNames(String... names) {
      hostNames.addAll(List.of(names));
      return this;
    }

    /** How many connections there may be; 32. Of more the oldest is closed. */
    public Builder connections(int number) {
      if (number < 1) {
        throw new IllegalArgumentException("connections must be at least 1, but is " + number);
      }
      connections = number;
      return this;
    }

    /** How long a connection may last, from when it is accepted; five seconds. */
    public Builder timeout(Duration time) {
      if (!Objects.requireNonNull(time, "timeout").isPositive()
          || time.compareTo(Duration.ofDays(1)) > 0) {
        throw new IllegalArgumentException(
            "the timeout must be positive and a day at the most, but is " + time);
      }
      timeout = time;
      return this;
    }

    /**
     * Listens from now on.
     *
     * @throws IllegalArgumentException if there is no loop
     * @throws UncheckedIOException if it can not listen there
     */
    public LoopEndpoint start() {
      return new LoopEndpoint(this);
    }
  }
}
