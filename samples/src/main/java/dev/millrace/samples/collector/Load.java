package dev.millrace.samples.collector;

import dev.millrace.context.Context;
import dev.millrace.sync.TaskGroup;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Posts events over many connections, each as fast as it is answered. It speaks HTTP by itself,
 * because it shares the machine with the server: the client of the JDK costs more than the server.
 */
final class Load {

  private static final int STATUS_BEGINS = "HTTP/1.1 ".length();

  /**
   * The answers of the server.
   *
   * @param accepted requests answered with 202
   * @param refused requests answered with 429
   * @param other requests with another answer
   * @param took the time from the first request to the last answer
   */
  record Answers(long accepted, long refused, long other, Duration took) {

    long perMinute() {
      return Math.round((accepted + refused + other) * 60e9 / took.toNanos());
    }
  }

  private final LongAdder accepted = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder other = new LongAdder();
  private final int port;
  private final Supplier<String> events;
  private final Consumer<String> onAccepted;

  /**
   * A load on the server at a port of this host.
   *
   * @param events makes the next event, in ASCII; thread-safe
   * @param onAccepted receives each event that the server has accepted; thread-safe
   */
  Load(int port, Supplier<String> events, Consumer<String> onAccepted) {
    this.port = port;
    this.events = events;
    this.onAccepted = onAccepted;
  }

  /** Posts while the condition holds; blocks. */
  Answers run(int connections, BooleanSupplier goOn)
      throws InterruptedException, ExecutionException {
    long begin = System.nanoTime();
    try (var group = TaskGroup.open(Context.current())) {
      for (int i = 0; i < connections; i++) {
        var _ =
            group.fork(
                () -> {
                  connection(goOn);
                  return true;
                });
      }
      group.join();
    }
    return new Answers(
        accepted.sum(),
        refused.sum(),
        other.sum(),
        Duration.ofNanos(Math.max(1, System.nanoTime() - begin)));
  }

  private void connection(BooleanSupplier goOn) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      OutputStream out = socket.getOutputStream();
      InputStream in = new BufferedInputStream(socket.getInputStream());
      while (goOn.getAsBoolean()) {
        String event = events.get();
        out.write(
            "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(event.length(), event)
                .getBytes(StandardCharsets.US_ASCII));
        switch (status(in)) {
          case 202 -> {
            accepted.increment();
            onAccepted.accept(event);
          }
          case 429 -> refused.increment();
          default -> other.increment();
        }
      }
    }
  }

  /** Reads an answer without a body. */
  private static int status(InputStream in) throws IOException {
    String first = line(in);
    while (!line(in).isEmpty()) {
      // A header.
    }
    return Integer.parseInt(first, STATUS_BEGINS, STATUS_BEGINS + 3, 10);
  }

  private static String line(InputStream in) throws IOException {
    var line = new StringBuilder();
    for (int c; (c = in.read()) != '\n'; ) {
      if (c < 0) {
        throw new EOFException("the server has closed the connection");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}
