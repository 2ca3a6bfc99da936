package dev.millrace.kafka.http;

import dev.millrace.kafka.Front;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Latency;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.LoopFigures;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.kafka.PartitionStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/**
 * An endpoint that shows the status of a test, and clients that send requests that no library would
 * send.
 */
@Timeout(60)
abstract class WithEndpoint {

  static final TopicPartition P0 = new TopicPartition("orders", 0);
  private static final Duration MS = Duration.ofMillis(1);

  final AtomicReference<LoopStatus> status =
      new AtomicReference<>(status("shop", new Health(State.RUNNING, "it runs")));

  private @Nullable LoopEndpoint endpoint;

  @AfterEach
  void close() {
    if (endpoint != null) {
      endpoint.close();
    }
  }

  static LoopStatus status(String group, Health health) {
    var front = new Front(P0, 41, Duration.ofSeconds(7), "it is being handled; <b>away</b>");
    return new LoopStatus(
        group,
        "client-1",
        List.of("orders"),
        4,
        health,
        new LoopFigures(
            5,
            4,
            Map.of("handle", 3L),
            2,
            1,
            Map.of("IOException", 1L),
            6,
            7,
            8,
            new Latency(9, MS, MS, MS, MS)),
        List.of(
            new PartitionStatus(P0, OptionalLong.of(12), 3, 9, true, front),
            new PartitionStatus(
                new TopicPartition("orders", 1), OptionalLong.empty(), 0, 0, false, null)),
        List.of(new LoopEvent.Failed(Instant.EPOCH, new IOException("the store is \"away\""))));
  }

  LoopEndpoint.Builder builder() {
    return LoopEndpoint.builder().loop(status::get);
  }

  LoopEndpoint start(LoopEndpoint.Builder builder) {
    endpoint = builder.start();
    return endpoint;
  }

  Socket connect() throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), port());
    socket.setSoTimeout(20_000);
    return socket;
  }

  int port() {
    return Objects.requireNonNull(endpoint).uri().getPort();
  }

  /** The whole answer to these bytes. */
  String send(String request) throws IOException {
    try (var socket = connect()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return answer(socket);
    }
  }

  static String answer(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  String get(String path) throws IOException {
    return send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }

  static String body(String answer) {
    return answer.substring(answer.indexOf("\r\n\r\n") + 4);
  }
}
