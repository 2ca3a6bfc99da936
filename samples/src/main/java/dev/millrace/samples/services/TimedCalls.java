package dev.millrace.samples.services;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.millrace.context.Context;
import dev.millrace.sync.DetachedCalls;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * A middleware that gives each request a deadline. The client gets its answer in time, even if the
 * called function ignores interrupts and hangs. Thread-safe.
 */
final class TimedCalls {

  /** The function of a request. It does not see the exchange, because it may outlive it. */
  @FunctionalInterface
  interface Endpoint {
    String answer(URI request) throws Exception;
  }

  private record Answer(int status, String text) {}

  private static final int MAX_CALLS = 200;

  private final DetachedCalls calls = DetachedCalls.atMost(MAX_CALLS);
  private final Duration limit;
  private final Consumer<String> log;

  /**
   * A limit for all calls together.
   *
   * @param log receives a line for each request; it must not block
   */
  TimedCalls(Duration limit, Consumer<String> log) {
    this.limit = limit;
    this.log = log;
  }

  HttpHandler around(Endpoint endpoint) {
    return exchange -> {
      try (exchange) {
        Answer answer = call(endpoint, exchange.getRequestURI());
        log.accept(answer.status() + " " + exchange.getRequestURI());
        respond(exchange, answer);
      }
    };
  }

  private Answer call(Endpoint endpoint, URI request) {
    try (var context = Context.background().withTimeout(limit)) {
      return new Answer(200, calls.call(context, () -> endpoint.answer(request)));
    } catch (CancellationException e) {
      return new Answer(504, "no answer within %d ms".formatted(limit.toMillis()));
    } catch (ExecutionException e) { // also an Error of the callee: its cause has the stack there
      return new Answer(502, "the call failed: " + e.getCause());
    } catch (RejectedExecutionException e) {
      return new Answer(503, "%d calls are under way, or hang".formatted(MAX_CALLS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Answer(503, "the server stops");
    }
  }

  /** The calls whose requests were answered without them, with their stacks. */
  String leftBehind() {
    List<DetachedCalls.LeftBehind> left = calls.leftBehind();
    var text = new StringBuilder(left.size() + " calls left behind");
    for (DetachedCalls.LeftBehind call : left) {
      text.append("\nfor %d ms:".formatted(call.since().toMillis()));
      for (StackTraceElement frame : call.place().getStackTrace()) {
        text.append("\n  at ").append(frame);
      }
    }
    return text.toString();
  }

  static void respond(HttpExchange exchange, int status, String text) throws IOException {
    respond(exchange, new Answer(status, text));
  }

  private static void respond(HttpExchange exchange, Answer answer) throws IOException {
    byte[] body = (answer.text() + "\n").getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer.status(), body.length);
    exchange.getResponseBody().write(body);
  }
}
