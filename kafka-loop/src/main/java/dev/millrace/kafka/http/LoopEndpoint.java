package dev.millrace.kafka.http;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows loops over HTTP. The paths are:
 *
 * <ul>
 *   <li>{@code /health/live} (the same as {@code /health}), {@code /health/ready} and {@code
 *       /health/started}: status 200 or 503, for the probes of an orchestrator;
 *   <li>{@code /metrics}: the metrics, for Prometheus;
 *   <li>{@code /status}: the status, as JSON;
 *   <li>{@code /history}: the main figures of the last 15 minutes, as JSON;
 *   <li>{@code /}: a page that shows the status and the history, and updates them.
 * </ul>
 *
 * <pre>{@code
 * try (var endpoint = LoopEndpoint.builder().port(8080).loop(loop::status).start()) {
 *   loop.run(context);
 * }
 * }</pre>
 *
 * <p>By default it listens on the loopback address. It has neither authentication nor TLS. Every
 * client that can reach it can read the names of groups and topics, the figures, and the messages
 * of exceptions. No client can change anything. Neither records nor Kafka's settings are shown,
 * except for {@code group.id} and {@code client.id}.
 *
 * <p>{@link LoopPages} gives the same answers as a function, for a server of the application.
 *
 * <p>One thread accepts connections, and one takes a sample for the history every 5 seconds. Each
 * connection has a thread of its own, and serves one request. There are at most {@code connections}
 * of them, and none lives longer than {@code timeout}. If there are too many, the oldest one is
 * closed. So a slow client costs no more than one connection for that time. A request is refused if
 * it is not a GET or HEAD, has a body, is too long, or is malformed. It is also refused if it names
 * an unknown host; see {@link Builder#hostNames}.
 *
 * <p>Thread-safe. {@link #close} blocks until no more connections are accepted; no other method
 * blocks.
 */
public final class LoopEndpoint implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(LoopEndpoint.class);

  private final LoopPages pages;
  private final HostNames hostNames;
  private final InetAddress address;
  private final Listener listener;
  private final Thread sampler;

  private LoopEndpoint(Builder builder) {
    this.pages = builder.pages.build();
    this.hostNames = new HostNames(builder.hostNames);
    this.address = builder.address;
    var socket = new InetSocketAddress(address, builder.port);
    try {
      this.listener = new Listener(socket, builder.connections, builder.timeout, this::answer);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot listen on %s: %s".formatted(socket, e.getMessage()), e);
    }
    this.sampler =
        Thread.ofPlatform()
            .daemon()
            .name("millrace-http-%d-history".formatted(listener.port()))
            .start(this::takeSamples);
  }

  private void takeSamples() {
    try {
      while (true) {
        try {
          pages.status();
        } catch (RuntimeException | LinkageError e) {
          LOG.debug("a sample for the history could not be taken", e);
        }
        Time.sleep(History.EVERY);
      }
    } catch (InterruptedException e) {
      LOG.trace("the endpoint is closed", e);
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
    return pages.answer(request.path());
  }

  /** The address of the page. */
  public URI uri() {
    String host = address.isAnyLocalAddress() ? "localhost" : address.getHostAddress();
    return URI.create(
        "http://%s:%d/".formatted(host.contains(":") ? "[" + host + "]" : host, listener.port()));
  }

  /**
   * Stops listening and closes all connections. Blocks until no more connections are accepted.
   * Idempotent. Does not close the loops.
   *
   * @throws UncheckedIOException if the socket cannot be closed
   */
  @Override
  public void close() {
    sampler.interrupt();
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The settings of an endpoint, with their defaults. Not thread-safe. */
  public static final class Builder {

    private final LoopPages.Builder pages = LoopPages.builder();
    private final List<String> hostNames = new ArrayList<>();
    private InetAddress address = InetAddress.getLoopbackAddress();
    private int port;
    private int connections = 32;
    private Duration timeout = Duration.ofSeconds(5);

    private Builder() {}

    /** Adds a loop to show, such as {@code loop::status}. Call it once for each loop. */
    public Builder loop(Supplier<LoopStatus> status) {
      pages.loop(status);
      return this;
    }

    /**
     * Adds a pipeline to show: its graph, and the figures and the explanation of its latest run, on
     * any engine. The health does not count it. Default: none.
     *
     * @param name the name to show
     * @param pipeline the pipeline of the run
     * @param latest gives the run to show; null if the pipeline has not been started
     */
    public Builder run(
        String name, Pipeline<?> pipeline, Supplier<? extends @Nullable Run<?>> latest) {
      pages.run(name, pipeline, latest);
      return this;
    }

    /**
     * The answer of {@code /metrics}, in Prometheus' text format, such as {@code registry::scrape}
     * of Micrometer's {@code PrometheusMeterRegistry}. Default: none, and the path answers 404.
     */
    public Builder metrics(Supplier<String> scrape) {
      pages.metrics(scrape);
      return this;
    }

    /**
     * The port to listen on. Default: 0, which means any free port; see {@link #uri}.
     *
     * @throws IllegalArgumentException if the port is not from 0 to 65535
     */
    public Builder port(int number) {
      if (number < 0 || number > 65_535) {
        throw new IllegalArgumentException("the port must be from 0 to 65535, but is " + number);
      }
      port = number;
      return this;
    }

    /**
     * The address to listen on. Default: the loopback address, which only this machine can reach.
     * In a container, probes come from outside: use {@code InetAddress.ofLiteral("0.0.0.0")}.
     */
    public Builder address(InetAddress local) {
      address = Objects.requireNonNull(local, "address");
      return this;
    }

    /**
     * Shows no messages of exceptions. A failure is shown by its class and its {@link
     * dev.millrace.errors.ErrorCode}, which the log has beside the message. Other texts end before
     * a message. Default: messages are shown.
     */
    public Builder hideMessages() {
      pages.hideMessages();
      return this;
    }

    /**
     * The host names, without a port, that requests may use, besides {@code localhost} and IP
     * addresses. Default: none. A request for another name is refused, because it may come from a
     * page of an attacker whose host name points to this machine.
     */
    public Builder hostNames(String... names) {
      hostNames.addAll(List.of(names));
      return this;
    }

    /**
     * The largest number of open connections. Default: 32. If there are more, the oldest one is
     * closed.
     *
     * @throws IllegalArgumentException if the number is below 1
     */
    public Builder connections(int number) {
      if (number < 1) {
        throw new IllegalArgumentException("connections must be at least 1, but is " + number);
      }
      connections = number;
      return this;
    }

    /**
     * The longest lifetime of a connection, from its accept on. Default: 5 seconds.
     *
     * @throws IllegalArgumentException if the time is not positive, or is longer than a day
     */
    public Builder timeout(Duration time) {
      if (!Objects.requireNonNull(time, "timeout").isPositive()
          || time.compareTo(Duration.ofDays(1)) > 0) {
        throw new IllegalArgumentException(
            "the timeout must be positive and at most one day, but is " + time);
      }
      timeout = time;
      return this;
    }

    /**
     * Starts to listen.
     *
     * @throws IllegalArgumentException if there is neither a loop nor a run
     * @throws UncheckedIOException if the address and port cannot be bound
     */
    public LoopEndpoint start() {
      return new LoopEndpoint(this);
    }
  }
}
