package dev.millrace.samples.orders;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A shop in trouble: the first question for every fifth order fails, the first one for every
 * seventh is answered late, and a carrier hangs. Thread-safe.
 */
final class FakeShop implements AutoCloseable {

  static final Map<String, Integer> PRICES = Map.of("apple", 40, "pear", 55, "plum", 15);
  static final int SHIPPING = 490; // the cheapest carrier, which always answers

  final AtomicInteger questions = new AtomicInteger();
  final AtomicInteger failures = new AtomicInteger();
  private final Set<String> asked = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;
  private final Duration late;
  private volatile boolean down;

  /**
   * Starts it.
   *
   * @param late the delay of late answers
   */
  FakeShop(Duration late) throws IOException {
    this.late = late;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/price/", this::price);
    server.createContext("/shipping/", this::shipping);
    server.start();
  }

  URI uri() {
    return URI.create("http://localhost:" + server.getAddress().getPort());
  }

  /** From now on it has no prices, and answers with 503. */
  void breakDown() {
    down = true;
  }

  private void price(HttpExchange exchange) throws IOException {
    questions.incrementAndGet();
    String item = exchange.getRequestURI().getPath().substring("/price/".length());
    int order = order(exchange);
    boolean first = asked.add(item + order);
    Integer cents = PRICES.get(item);
    if (down || (first && order % 5 == 0)) {
      failures.incrementAndGet();
      answer(exchange, 503, "overloaded");
    } else if (cents == null) {
      answer(exchange, 404, "no such item");
    } else {
      hang(first && order % 7 == 0);
      answer(exchange, 200, cents.toString());
    }
  }

  private void shipping(HttpExchange exchange) throws IOException {
    String carrier = exchange.getRequestURI().getPath().substring("/shipping/".length());
    hang(carrier.equals("drone") && order(exchange) % 50 == 0);
    answer(exchange, 200, Integer.toString(carrier.equals("post") ? SHIPPING : 2 * SHIPPING));
  }

  private static int order(HttpExchange exchange) {
    return Integer.parseInt(exchange.getRequestURI().getQuery().substring("order=".length()));
  }

  private void hang(boolean really) {
    try {
      Thread.sleep(really ? late : Duration.ZERO);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // it closes
    }
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
