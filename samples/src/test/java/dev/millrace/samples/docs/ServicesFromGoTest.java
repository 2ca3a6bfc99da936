package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.service.ProcessEnd;
import dev.millrace.service.RestartPolicy;
import dev.millrace.service.Service;
import dev.millrace.service.ServiceProcess;
import dev.millrace.service.Services;
import dev.millrace.service.Tracker;
import dev.millrace.service.TrackerReport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The snippets of the guide for Go programmers about services, run. */
@Timeout(60)
class ServicesFromGoTest {

  private final List<String> log = new CopyOnWriteArrayList<>();

  /** Sends this process the signal that the operating system would send. */
  private static void signal(String name) throws IOException {
    new ProcessBuilder("kill", "-" + name, Long.toString(ProcessHandle.current().pid())).start();
  }

  @Test
  void gracefulExit() throws Exception {
    // doc:begin
    Service work =
        context -> {
          log.add("working");
          signal("TERM"); //                        as `kill` does, or Kubernetes
          context.done().receiveOrNull(); //        closing: the context is cancelled
          log.add("flushed"); //                    the graceful part
        };
    ProcessEnd end = ServiceProcess.run(work, Duration.ofSeconds(20), log::add);
    // System.exit(end.status()): 0 if it has closed in time, 1 if it was forced or has failed
    // doc:end
    assertThat(log)
        .containsExactly(
            "working", "closing: SIGTERM has come, the service has 20000 ms", "flushed", "closed");
    assertThat(end.kind()).isEqualTo(ProcessEnd.Kind.CLOSED);
    assertThat(end.status()).isZero();
  }

  // doc:begin
  /** An HTTP server that serves until its context is cancelled. */
  private Service http(String name, HttpServer server, HttpHandler handler) {
    return context -> { // the caller decides that it runs in the background
      server.createContext("/", handler);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.start();
      try {
        context.done().receiveOrNull(); // <-stop
      } finally {
        server.stop(0); //                 deferred: s.Shutdown
        log.add(name + " stopped");
      }
    };
  }

  // doc:end

  @Test
  void supervised() throws Exception {
    HttpServer appServer = HttpServer.create(new InetSocketAddress("localhost", 0), 0);
    HttpServer debugServer = HttpServer.create(new InetSocketAddress("localhost", 0), 0);
    HttpHandler hello =
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        };
    var broken = new CountDownLatch(1);
    Service watchdog =
        context -> {
          broken.await();
          throw new IOException("debug port is gone");
        };
    // doc:begin
    var services =
        Services.builder()
            .add("app", http("app", appServer, hello)) //       started first, stopped last
            .add("debug", http("debug", debugServer, hello))
            .add("watchdog", watchdog) //                       if one ends, all stop
            .stopWithin(Duration.ofSeconds(5))
            .onEvent(event -> log.add(event.toString()))
            .build();
    // doc:end
    Thread.startVirtualThread(
        () -> {
          try (var client = HttpClient.newHttpClient()) {
            var uri = URI.create("http://localhost:" + appServer.getAddress().getPort() + "/");
            while (true) {
              try {
                log.add(
                    "status "
                        + client
                            .send(
                                HttpRequest.newBuilder(uri).build(),
                                HttpResponse.BodyHandlers.discarding())
                            .statusCode());
                broken.countDown();
                return;
              } catch (IOException e) {
                Thread.onSpinWait(); // not started yet
              }
            }
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    assertThatThrownBy(() -> services.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("debug port is gone");
    assertThat(log).contains("status 200").containsSubsequence("debug stopped", "app stopped");
  }

  @Test
  void restarted() throws Exception {
    var starts = new AtomicInteger();
    Service consumer =
        context -> {
          if (starts.incrementAndGet() < 3) {
            throw new IOException("connection reset");
          }
        };
    // doc:begin
    var services =
        Services.builder()
            .add(
                "consumer",
                consumer,
                RestartPolicy.onFailure(
                    Backoff.exponential(Duration.ofMillis(1), Duration.ofSeconds(1)),
                    5, //                        restarts at the most …
                    Duration.ofMinutes(1))) // … within a minute; else all stop
            .onEvent(event -> log.add(event.toString()))
            .build();
    services.run(Context.background());
    // doc:end
    assertThat(log)
        .containsExactly(
            "service 'consumer' started",
            "service 'consumer' failed, and is started again in 1 ms: java.io.IOException:"
                + " connection reset",
            "service 'consumer' started again, restart 1",
            "service 'consumer' failed, and is started again in 2 ms: java.io.IOException:"
                + " connection reset",
            "service 'consumer' started again, restart 2",
            "service 'consumer' ended");
  }

  @Test
  void tracker() throws Exception {
    List<String> sent = new CopyOnWriteArrayList<>();
    Context request = Context.background();
    TrackerReport report;
    // doc:begin
    var tracker = Tracker.open(Channel.<String>buffered(10), 100, batch -> sent.addAll(batch));
    tracker.event("created", request); // waits while 10 events wait, and obeys the context
    tracker.event("paid", request);
    try (var deadline = Context.background().withTimeout(Duration.ofSeconds(2))) {
      report = tracker.shutdown(deadline); // writes the rest, until the deadline
    }
    // doc:end
    assertThat(sent).containsExactly("created", "paid");
    assertThat(report).isEqualTo(new TrackerReport(2, 0, 0, 0)); // written, failed, dropped, rest
  }

  @Test
  void asynchronousLog() throws Exception {
    List<String> file = new CopyOnWriteArrayList<>();
    var slow = new CountDownLatch(1);
    // doc:begin
    var text = new StringBuilder[] {new StringBuilder()}; // one buffer, used by one thread
    var lines =
        Tracker.open(
            Channel.<String>dropOldest(2), // a slow disk never slows a request
            100,
            batch -> {
              slow.await();
              text[0].setLength(0);
              batch.forEach(line -> text[0].append(line).append('\n'));
              file.add(text[0].toString());
              if (text[0].capacity() > 64 * 1024) { // one long batch must not stay for ever
                text[0] = new StringBuilder();
              }
            });
    // doc:end
    for (int i = 1; i <= 100; i++) {
      assertThat(lines.tryEvent("line " + i)).isTrue();
    }
    slow.countDown();
    TrackerReport report = lines.shutdown(Context.background());
    assertThat(report.dropped()).isBetween(95L, 98L); // 2 wait, and 0 to 3 were in the first batch
    assertThat(report.written() + report.dropped()).isEqualTo(100);
    assertThat(String.join("", file)).endsWith("line 99\nline 100\n");
  }
}
