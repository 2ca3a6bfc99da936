package dev.millrace.samples.collector;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.service.Service;
import dev.millrace.stages.Retry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;

/**
 * Takes events over HTTP, and stores them in batches. There are two tiers: a bounded queue of
 * events, and a bounded number of workers that store.
 *
 * <p>A POST of an event is answered with 202 if the event is in the queue, and with 429 and {@code
 * Retry-After} if the queue is full. So memory is bounded at any load. When the context of the
 * service is cancelled, later events are answered with 503, and all accepted events are stored.
 *
 * <p>Every accepted event is stored or becomes a dead letter. A batch may be stored twice if the
 * store fails after it has written: the store should be idempotent. Accepted events are in memory
 * only, so a crash of the process loses them.
 *
 * <p>Thread-safe. {@link #run} may be called once.
 */
public final class Collector implements Service {

  private static final int MAX_EVENT_BYTES = 4 * 1024;
  private static final Duration LINGER = Duration.ofMillis(20);
  private static final Retry RETRY =
      Retry.of(
          Backoff.exponential(Duration.ofMillis(10), Duration.ofSeconds(1)).withFullJitter(), 5);

  /**
   * The bounds of the tiers.
   *
   * @param queue the maximum number of events that wait; the stages behind it hold a few hundred
   *     more, and a batch for each worker
   * @param batch the maximum number of events that are stored in one call
   * @param workers the maximum number of calls of the store at the same time
   */
  public record Limits(int queue, int batch, int workers) {}

  /** The counts so far, in events. The counts are final when the service has ended. */
  public record Counts(long accepted, long refused, long stored, long deadLettered) {

    /** Accepted events that are neither stored nor dead letters; while it runs, they wait. */
    public long missing() {
      return accepted - stored - deadLettered;
    }
  }

  private final LongAdder accepted = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder stored = new LongAdder();
  private final LongAdder deadLettered = new LongAdder();
  private final Channel<String> queue;
  private final Pipeline<Long> workers;
  private final HttpServer server;

  /**
   * A collector that listens on the loopback address.
   *
   * @param port 0 for any free port
   * @param store is called by many threads, and may block; it is tried up to five times
   * @param deadLetters receives each batch that could not be stored; if it throws, the service ends
   * @throws IOException if the port is in use
   */
  public Collector(
      int port,
      Limits limits,
      StageConsumer<? super List<String>> store,
      StageConsumer<? super Failure<?>> deadLetters)
      throws IOException {
    queue = Channel.buffered(limits.queue());
    // doc:begin
    workers =
        Pipe.from("queue", Source.channel(queue))
            .batch("batch", limits.batch(), LINGER)
            .onFailure(FailurePolicy.deadLetters(failure -> giveUp(failure, deadLetters)))
            .mapParallelUnordered(
                "store",
                limits.workers(),
                RETRY.around(
                    (List<String> batch) -> {
                      store.accept(batch);
                      return batch.size();
                    }))
            .to(Sink.<Integer>forEach(stored::add));
    // doc:end
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext("/events", this::handle);
  }

  private void giveUp(Failure<?> failure, StageConsumer<? super Failure<?>> deadLetters)
      throws Exception {
    deadLetters.accept(failure);
    deadLettered.add(((List<?>) failure.element()).size());
  }

  /** The port on which it listens. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** The counts so far. */
  public Counts counts() {
    return new Counts(accepted.sum(), refused.sum(), stored.sum(), deadLettered.sum());
  }

  @Override
  public void run(Context context) throws Exception {
    // doc:begin
    try (var threads = Executors.newVirtualThreadPerTaskExecutor();
        AutoCloseable front = () -> server.stop(1); // lets answers end, for 1 second
        var run = workers.start(Engine.channels(), context.withoutCancel())) { // cancel = drain
      server.setExecutor(threads);
      server.start();
      context.afterFunc(queue::close); // no more events: the workers end when it is empty
      run.join();
    }
    // doc:end
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.sendResponseHeaders(answer(exchange), -1);
    }
  }

  private int answer(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestMethod().equals("POST")) {
      exchange.getResponseHeaders().set("Allow", "POST");
      return 405;
    }
    byte[] event = exchange.getRequestBody().readNBytes(MAX_EVENT_BYTES + 1);
    if (event.length > MAX_EVENT_BYTES) {
      return 413;
    }
    // doc:begin
    try {
      if (queue.trySend(new String(event, StandardCharsets.UTF_8))) {
        accepted.increment();
        return 202;
      }
    } catch (ChannelClosedException e) {
      return 503; // it shuts down
    }
    refused.increment();
    exchange.getResponseHeaders().set("Retry-After", "1");
    return 429;
    // doc:end
  }
}
