package dev.millrace.kafka.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Refused requests, slow clients, and many clients. */
class UnkindClientsTest extends WithEndpoint {

  private final List<Socket> clients = new ArrayList<>();

  @AfterEach
  void closeClients() throws IOException {
    for (Socket one : clients) {
      one.close();
    }
  }

  private static String request(String line, String... headers) {
    return line + "\r\n" + String.join("\r\n", headers) + "\r\n\r\n";
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get"})
  void otherMethodsAreRefused(String method) throws Exception {
    start(builder());
    assertThat(send(request(method + " /health HTTP/1.1", "Host: localhost")))
        .startsWith("HTTP/1.1 405 Method Not Allowed")
        .contains("\r\nAllow: GET, HEAD\r\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n\r\n", // no host
        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nSpace : b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nA: b\u0000c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nA: b\nB: c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nA: b\rB: c\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
        "GET /\r\nHost: localhost\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n",
        "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /\u00e9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n", // TLS
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
      })
  void malformedRequestsAreRefused(String request) throws Exception {
    start(builder());
    assertThat(send(request)).startsWith("HTTP/1.1 400 Bad Request\r\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/..", "/../etc/passwd", "/health/", "//health", "/%68ealth", "/health;x", "/a/b"})
  void otherPathsAreNotFound(String path) throws Exception {
    start(builder());
    assertThat(get(path)).startsWith("HTTP/1.1 404 Not Found\r\n").endsWith("404 Not Found\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 1", "Content-Length: x", "Transfer-Encoding: chunked"})
  void bodiesAreRefused(String header) throws Exception {
    start(builder());
    assertThat(send(request("GET / HTTP/1.1", "Host: localhost", header) + "x".repeat(60_000)))
        .startsWith("HTTP/1.1 413 ");
  }

  @Test
  void requestsThatAreTooLongAreRefused() throws Exception {
    start(builder());
    String path = "/" + "x".repeat(100_000);
    assertThat(send(request("GET " + path + " HTTP/1.1", "Host: localhost")))
        .startsWith("HTTP/1.1 414 ");
    assertThat(send("G".repeat(100_000))).startsWith("HTTP/1.1 414 ");
    String cookie = "Cookie: " + "x".repeat(100_000);
    assertThat(send(request("GET / HTTP/1.1", "Host: localhost", cookie)))
        .startsWith("HTTP/1.1 431 ");
    String many =
        IntStream.range(0, 200).mapToObj(i -> "A: " + i).collect(Collectors.joining("\r\n"));
    assertThat(send(request("GET / HTTP/1.1", "Host: localhost", many)))
        .startsWith("HTTP/1.1 431 ");
  }

  @Test
  void cookiesThatBrowsersSendToLocalhostAreBorne() throws Exception {
    start(builder());
    String cookie = "Cookie: " + "x".repeat(20_000);
    assertThat(send(request("GET /health HTTP/1.1", "Host: localhost:8080", cookie)))
        .startsWith("HTTP/1.1 200");
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, 200",
    "LOCALHOST:8080, 200",
    "127.0.0.1:1, 200",
    "10.1.2.3:8080, 200",
    "[::1]:8080, 200",
    "status.example.org, 200",
    "rebound.example.com, 421",
    "localhost.example.com, 421",
    "127.0.0.1.example.com, 421",
    "127.0.0.1@example.com, 421",
    "status.example.org.evil.com, 421",
    "localhost:port, 421",
    "<b>, 421"
  })
  void onlyHostsThatAreKnownAreServed(String host, int status) throws Exception {
    start(builder().hostNames("Status.example.org"));
    assertThat(send(request("GET /health HTTP/1.1", "Host: " + host)))
        .startsWith("HTTP/1.1 " + status + " ")
        .doesNotContain("<b>");
  }

  @Test
  void onlyOneRequestIsReadFromAConnection() throws Exception {
    start(builder());
    String one = request("GET /health HTTP/1.1", "Host: localhost");
    assertThat(send(one + one)).containsOnlyOnce("HTTP/1.1 200");
  }

  @Test
  void aRequestMayComeByteByByte() throws Exception {
    start(builder());
    try (var socket = connect()) {
      socket.setTcpNoDelay(true);
      for (byte one :
          request("GET /health HTTP/1.1", "Host: localhost").getBytes(StandardCharsets.US_ASCII)) {
        socket.getOutputStream().write(one);
        socket.getOutputStream().flush();
      }
      assertThat(answer(socket)).startsWith("HTTP/1.1 200");
    }
  }

  /** Slow-loris: sends a header line now and then, and never the empty line. */
  @Test
  void clientThatNeverEndsItsRequestIsClosed() throws Exception {
    start(builder().timeout(Duration.ofMillis(300)));
    var socket = client("GET / HTTP/1.1\r\nHost: localhost\r\n");
    await().until(() -> !drips(socket));
  }

  private static boolean drips(Socket socket) {
    try {
      socket.getOutputStream().write("A: b\r\n".getBytes(StandardCharsets.US_ASCII));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void clientThatSaysNothingIsClosed() throws Exception {
    start(builder().timeout(Duration.ofMillis(300)));
    assertThat(end(client(""))).isTrue();
  }

  @Test
  void clientThatDoesNotReadIsClosed() throws Exception {
    var handedOut = new AtomicInteger();
    start(
        builder()
            .timeout(Duration.ofMillis(300))
            .metrics(
                () -> {
                  handedOut.incrementAndGet();
                  return "x".repeat(32 << 20);
                }));
    int threads = serving();
    client("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await().until(() -> handedOut.get() == 1);
    await().until(() -> serving() == threads);
    assertThat(get("/health")).startsWith("HTTP/1.1 200");
  }

  private int serving() {
    String name = "millrace-http-" + port() + "-connection";
    return (int)
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals(name))
            .count();
  }

  /** No client can keep others out, and the number of threads is bounded. */
  @Test
  void ofTooManyClientsTheOldestIsClosed() throws Exception {
    start(builder().connections(8).timeout(Duration.ofMinutes(10)));
    for (int i = 0; i < 100; i++) {
      client("GET / HTTP/1.1\r\n");
      if (i % 10 == 0) {
        assertThat(get("/health")).startsWith("HTTP/1.1 200");
      }
    }
    await().until(() -> serving() <= 8);
    assertThat(end(clients.getFirst())).isTrue();
  }

  private Socket client(String says) throws IOException {
    var socket = connect();
    clients.add(socket);
    socket.getOutputStream().write(says.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  /** Waits until the other side has closed the socket; returns whether it did. */
  private static boolean end(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketException e) {
      return true;
    }
  }
}
