package dev.millrace.kafka.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link LoopPages} in a server of {@code com.sun.net.httpserver}.
 *
 * <pre>{@code
 * server.createContext("/loops/", new LoopHttpHandler(pages));
 * }</pre>
 *
 * <p>The server's own limits hold. By default it has one thread and no limit of time, so that a
 * slow client stops it: {@link LoopEndpoint} has a listener that bounds both.
 *
 * <p>On the module path, the application must say {@code requires jdk.httpserver}. Thread-safe.
 * Blocks while the client reads.
 */
public final class LoopHttpHandler implements HttpHandler {

  private static final Logger LOG = LoggerFactory.getLogger(LoopHttpHandler.class);

  private final LoopPages pages;

  /** A handler that gives the answers of these pages. */
  public LoopHttpHandler(LoopPages pages) {
    this.pages = Objects.requireNonNull(pages, "pages");
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      boolean isHead = exchange.getRequestMethod().equals("HEAD");
      Answer answer = answer(exchange);
      answer.headers().forEach(exchange.getResponseHeaders()::set);
      byte[] body = answer.body();
      exchange.sendResponseHeaders(answer.status(), isHead || body.length == 0 ? -1 : body.length);
      if (!isHead) {
        exchange.getResponseBody().write(body);
      }
    }
  }

  private Answer answer(HttpExchange exchange) {
    String context = exchange.getHttpContext().getPath();
    String place = context.endsWith("/") ? context.substring(0, context.length() - 1) : context;
    String path = exchange.getRequestURI().getRawPath().substring(place.length());
    if (path.isEmpty()) { // the page asks for paths beside it
      return new Answer(308, Map.of("Location", place + "/"), "");
    }
    try {
      return pages.answer(exchange.getRequestMethod(), path);
    } catch (RuntimeException | LinkageError e) { // for example, a jar of the metrics is missing
      LOG.warn("a request could not be answered; the client receives status 500", e);
      return Response.bare(500, "Internal Server Error").toAnswer(true);
    }
  }
}
