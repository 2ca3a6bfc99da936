package dev.millrace.kafka.http;

import dev.millrace.channel.internal.Uninterruptibly;
import dev.millrace.clock.internal.Time;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts connections, and answers one request on each. Thread-safe. */
/*
 * Bounds that no client can break: at most `maxConnections` connections are open, and none is older
 * than `lifetime`. If there are too many, the oldest one is closed; the newest one is not refused.
 * So a client that opens as many connections as it can does not lock out other clients. All
 * connections have the same lifetime, so they end in the order of their age. That lets the
 * accepting thread close them: it waits for the next connection, but only until the oldest one is
 * due.
 *
 * The threads are platform threads. Handlers that compute may keep all carriers of the virtual
 * threads busy, and exactly then an operator wants to see their state.
 */
final class Listener implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Listener.class);

  private static final int BACKLOG = 50;
  private static final long AFTER_FAILURE = Duration.ofMillis(100).toNanos();
  private static final int LINGER_MILLIS = 200;
  private static final int LINGER_BYTES = 256 << 10;

  private final ServerSocket server;
  private final int maxConnections;
  private final Duration lifetime;
  private final Function<Request, Response> answers;

  /** When each connection was accepted, the oldest first. */
  private final Map<Socket, Long> open = new LinkedHashMap<>();

  private final Thread thread;
  private volatile boolean closed;

  Listener(
      InetSocketAddress address,
      int maxConnections,
      Duration lifetime,
      Function<Request, Response> answers)
      throws IOException {
    this.maxConnections = maxConnections;
    this.lifetime = lifetime;
    this.answers = answers;
    this.server = new ServerSocket();
    try {
      server.bind(address, BACKLOG);
    } catch (IOException e) {
      server.close();
      throw e;
    }
    this.thread =
        Thread.ofPlatform().daemon().name("millrace-http-" + port()).unstarted(this::accept);
    thread.start();
  }

  int port() {
    return server.getLocalPort();
  }

  private void accept() {
    while (!closed) {
      try {
        server.setSoTimeout(untilNextEnd());
        admit(server.accept());
      } catch (SocketTimeoutException e) {
        LOG.trace("no connection until the oldest one is due", e);
      } catch (IOException | OutOfMemoryError e) {
        if (!closed) { // for example: too many open files, or threads
          LOG.debug("a connection could not be accepted", e);
          Time.parkNanos(this, AFTER_FAILURE);
        }
      }
      closeThoseThatAreDue();
    }
  }

  /** The wait for the next connection, in milliseconds; 0, without a limit, if none is open. */
  private int untilNextEnd() {
    synchronized (open) {
      Map.Entry<Socket, Long> oldest = open.entrySet().stream().findFirst().orElse(null);
      if (oldest == null) {
        return 0;
      }
      long left = lifetime.toNanos() - (Time.nanoTime() - oldest.getValue());
      return (int) Math.max(1, left / 1_000_000 + 1);
    }
  }

  private void admit(Socket connection) throws IOException {
    synchronized (open) {
      if (closed) {
        connection.close();
        return;
      }
      if (open.size() >= maxConnections) {
        close(open.keySet().iterator().next());
      }
      open.put(connection, Time.nanoTime());
    }
    Thread.ofPlatform()
        .daemon()
        .name(thread.getName() + "-connection")
        .start(() -> serve(connection));
  }

  private void closeThoseThatAreDue() {
    synchronized (open) {
      long now = Time.nanoTime();
      List<Socket> due =
          open.entrySet().stream()
              .takeWhile(one -> now - one.getValue() >= lifetime.toNanos())
              .map(Map.Entry::getKey)
              .toList();
      due.forEach(this::close);
    }
  }

  /** Closes a connection, which also ends the read or write of its thread. */
  private void close(Socket connection) {
    open.remove(connection);
    try {
      connection.close();
    } catch (IOException e) {
      LOG.debug("closing {}", connection, e);
    }
  }

  private void serve(Socket connection) {
    try {
      boolean withBody = true;
      Response response;
      try {
        Request request = Request.read(connection.getInputStream());
        withBody = request.method() == Request.Method.GET;
        response = answers.apply(request);
      } catch (RefusedException e) {
        response = e.response();
      } catch (RuntimeException | LinkageError e) { // for example, a jar of the metrics is missing
        LOG.warn("a request could not be answered; the client receives status 500", e);
        response = Response.bare(500, "Internal Server Error");
      }
      response.writeTo(connection.getOutputStream(), withBody);
      linger(connection);
    } catch (IOException e) {
      LOG.trace("a connection ends", e);
    } finally {
      synchronized (open) {
        close(connection);
      }
    }
  }

  /**
   * Reads the rest of the request for a short time: a close with unread bytes would make the client
   * lose the answer.
   */
  private static void linger(Socket connection) throws IOException {
    connection.shutdownOutput();
    connection.setSoTimeout(LINGER_MILLIS);
    InputStream in = connection.getInputStream();
    byte[] rest = new byte[4096];
    for (int all = 0, more; all < LINGER_BYTES && (more = in.read(rest)) >= 0; ) {
      all += more;
    }
  }

  /** Closes all connections. Blocks until the accepting thread has ended. */
  @Override
  public void close() throws IOException {
    synchronized (open) {
      closed = true;
      List.copyOf(open.keySet()).forEach(this::close);
    }
    server.close();
    Uninterruptibly.await(thread::join);
  }
}
