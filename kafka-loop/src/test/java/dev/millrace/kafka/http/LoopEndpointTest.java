package dev.millrace.kafka.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.errors.ErrorCode;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.micrometer.LoopMeters;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The answers of the endpoint. */
class LoopEndpointTest extends WithEndpoint {

  private static final Path DOCUMENT = Path.of("..", "docs", "kafka-observability.md");

  @ParameterizedTest
  @EnumSource(State.class)
  void healthIsForProbes(State state) throws Exception {
    var health = new Health(state, "because");
    status.set(status("shop", health));
    start(builder());
    assertThat(get("/health"))
        .startsWith(health.isAlive() ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 503 Service Unavailable")
        .contains("\r\nContent-Type: application/json\r\n")
        .endsWith(
            """
            {"alive":%s,"loops":[{"group":"shop","clientId":"client-1","ready":%s,"started":%s,\
            "state":"%s","reason":"because"}]}\
            """
                .formatted(health.isAlive(), health.isReady(), health.isStarted(), state));
    assertThat(get("/health/live")).isEqualTo(get("/health"));
    assertThat(get("/health/ready")).startsWith("HTTP/1.1 " + (health.isReady() ? 200 : 503));
    assertThat(get("/health/started")).startsWith("HTTP/1.1 " + (health.isStarted() ? 200 : 503));
  }

  @Test
  void loopThatHasNotStartedIsAliveButNeitherReadyNorStarted() throws Exception {
    status.set(status("shop", new Health(State.STARTING, "it waits for its topic")));
    start(builder());
    assertThat(get("/health/live")).startsWith("HTTP/1.1 200");
    assertThat(get("/health/ready")).startsWith("HTTP/1.1 503").contains("it waits for its topic");
    assertThat(get("/health/started")).startsWith("HTTP/1.1 503");
  }

  @Test
  void oneLoopThatIsStuckMakesAProbeFail() throws Exception {
    start(builder().loop(() -> status("other", new Health(State.STUCK, "the handler hangs"))));
    assertThat(get("/health")).startsWith("HTTP/1.1 503").contains("shop", "the handler hangs");
  }

  /** The log line of the failure has the same code beside the message. */
  @Test
  void messagesOfExceptionsAreHiddenByChoice() throws Exception {
    status.set(status("shop", new Health(State.STOPPED, "it failed: java.io.IOException: secret")));
    start(builder().hideMessages());
    String code = ErrorCode.of("the store is \"away\"").code();
    assertThat(body(get("/status")))
        .contains(
            "java.io.IOException: error " + code,
            "it failed: \\u2026",
            "it is being handled: \\u2026")
        .doesNotContain("secret", "the store", "away");
    assertThat(body(get("/health"))).contains("it failed: \\u2026").doesNotContain("secret");
  }

  @Test
  void statusTellsAllThatThereIs() throws Exception {
    start(builder());
    assertThat(body(get("/status")))
        .matches("\\{\"at\":\"[^\"]*Z\",\"loops\":\\[\\{.*}],\"runs\":\\[]}")
        .contains(
            """
            {"topic":"orders","partition":0,"lag":12,"withheld":0,"inFlight":3,"waiting":9,"paused":true,\
            "front":{"offset":41,"ageMillis":7000,\
            "why":"it is being handled; \\u003Cb\\u003Eaway\\u003C/b\\u003E"}}\
            """,
            """
            {"topic":"orders","partition":1,"lag":null,"withheld":0,"inFlight":0,"waiting":0,"paused":false,\
            "front":null}\
            """,
            """
            "figures":{"settled":5,"handled":4,"skipped":0,"failures":{"handle":3},"retries":2,"deadLetters":1,"deadLettersByReason":{"IOException":1},\
            "rebalances":6,"commits":7,"commitFailures":8,"newHistories":0,"settleLatency":{"count":9,\
            "p50Micros":1000,"p90Micros":1000,"p99Micros":1000,"maxMicros":1000}}\
            """,
            """
            "recent":[{"at":"1970-01-01T00:00:00Z","kind":"failed",\
            "text":"java.io.IOException: the store is \\"away\\"","letter":null}]\
            """);
  }

  @Test
  void deadLetterHasItsCoordinatesAndItsReason() throws Exception {
    status.set(withLetter());
    var open = start(builder());
    assertThat(body(get("/status")))
        .contains(
            """
            "letter":{"topic":"orders","partition":0,"offset":42,"stage":"handle","attempts":3,\
            "exception":"java.io.IOException","message":"the store is away"}\
            """)
        .doesNotContain("content");
    open.close();
    start(builder().hideMessages());
    assertThat(body(get("/status")))
        .contains("\"offset\":42", "\"exception\":\"java.io.IOException\"")
        .doesNotContain("the store is away");
  }

  private static LoopStatus withLetter() {
    var record =
        new ConsumerRecord<>("orders", 0, 42, "content".getBytes(UTF_8), "content".getBytes(UTF_8));
    var letter = new DeadLetter(record, DeadLetter.HANDLE, 3, new IOException("the store is away"));
    LoopStatus without = status("shop", new Health(State.RUNNING, "it runs"));
    return new LoopStatus(
        without.group(),
        without.clientId(),
        without.topics(),
        without.concurrency(),
        without.health(),
        without.figures(),
        without.partitions(),
        List.of(new LoopEvent.DeadLettered(Instant.EPOCH, letter)));
  }

  @Test
  void historyHasAFirstSampleAtOnce() throws Exception {
    start(builder());
    assertThat(body(get("/history")))
        .matches("\\{\"samples\":\\[\\{\"at\":\"[^\"]*Z\",\"loops\":\\[.*}]}]}")
        .contains(
            """
            {"settled":5,"lag":12,"p50Micros":1000,"p99Micros":1000,"failed":3,"deadLetters":1}\
            """);
  }

  /** No request is needed for the history. */
  @Test
  void historyIsTakenWhileNobodyAsks() throws Exception {
    var asked = new CountDownLatch(2);
    start(
        LoopEndpoint.builder()
            .loop(
                () -> {
                  asked.countDown();
                  if (asked.getCount() == 1) {
                    throw new IllegalStateException("a sample that fails is not the last one");
                  }
                  return status.get();
                }));
    assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void documentListsTheFields() throws Exception {
    status.set(withLetter());
    Pipeline<Long> job = Pipe.from(Source.of(List.of(1))).to(Sink.count());
    Run<Long> run = job.start(Engine.channels(), Context.background());
    run.join();
    start(builder().run("import", job, () -> run));
    var fields = new TreeSet<String>();
    var name =
        Pattern.compile("\"([a-zA-Z0-9]+)\":")
            .matcher(get("/status") + get("/health") + get("/history"));
    while (name.find()) {
      fields.add(name.group(1));
    }
    fields.remove("handle"); // a stage
    fields.remove("IOException"); // a reason
    assertThat(fields).hasSizeGreaterThan(30);
    String document = Files.readString(DOCUMENT);
    assertThat(fields).allSatisfy(field -> assertThat(document).contains("`" + field + "`"));
  }

  @Test
  void textsOfTheApplicationAreBounded() throws Exception {
    status.set(status("shop", new Health(State.STUCK, "x".repeat(100_000))));
    start(builder());
    assertThat(get("/health")).hasSizeLessThan(2000);
  }

  @Test
  void pageIsOneFileThatLoadsNothingElse() throws Exception {
    start(builder());
    String page = get("/");
    assertThat(page)
        .startsWith("HTTP/1.1 200 OK\r\n")
        .contains("\r\nContent-Type: text/html; charset=utf-8\r\n")
        .contains("default-src 'none'", "frame-ancestors 'none'", "script-src 'sha256-")
        .doesNotContain("unsafe-inline", "innerHTML", "https://", "src=")
        .endsWith("</html>\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/health", "/status", "/nothing"})
  void everyAnswerMakesBrowsersCareful(String path) throws Exception {
    start(builder());
    assertThat(get(path).split("\r\n\r\n", 2)[0])
        .contains(
            "\r\nCache-Control: no-store",
            "\r\nX-Content-Type-Options: nosniff",
            "\r\nContent-Security-Policy: default-src 'none'",
            "\r\nX-Frame-Options: DENY",
            "\r\nReferrer-Policy: no-referrer",
            "\r\nCross-Origin-Resource-Policy: same-origin",
            "\r\nConnection: close")
        .doesNotContain("Server:", "Access-Control");
  }

  @Test
  void headHasNoBody() throws Exception {
    start(builder());
    String head = send("HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertThat(head).startsWith("HTTP/1.1 200").endsWith("\r\n\r\n").contains("Content-Length: ");
    assertThat(head).doesNotContain("Content-Length: 0");
  }

  @Test
  void metricsAreWhatMicrometerScrapes() throws Exception {
    var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new LoopMeters(registry)
        .rebalanced(
            "shop", new Notification(Set.of(new TopicPartition("orders", 0)), Set.of(), Set.of()));
    start(builder().metrics(registry::scrape));
    assertThat(get("/metrics"))
        .contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n")
        .contains("millrace_kafka_rebalances_total{group=\"shop\"} 1.0\n");
  }

  @Test
  void thereAreNoMetricsWhereNoneAreGiven() throws Exception {
    start(builder());
    assertThat(get("/metrics")).startsWith("HTTP/1.1 404");
  }

  @Test
  void anOrdinaryClientIsServed() throws Exception {
    var endpoint = start(builder());
    try (var client = HttpClient.newHttpClient()) {
      for (String path : List.of("health", "status?verbose=1", "")) {
        var request = HttpRequest.newBuilder(endpoint.uri().resolve(path)).build();
        assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
      }
    }
  }

  @Test
  void statusThatThrowsIsAnErrorOfThatRequestOnly() throws Exception {
    start(
        LoopEndpoint.builder()
            .loop(
                () -> {
                  throw new IllegalStateException("secret");
                }));
    assertThat(get("/health")).startsWith("HTTP/1.1 500").doesNotContain("secret");
    assertThat(get("/")).startsWith("HTTP/1.1 200");
  }

  @Test
  void itListensOnLoopbackUnlessToldOtherwise() throws Exception {
    var endpoint = start(builder());
    assertThat(endpoint.uri().getHost()).isEqualTo("127.0.0.1");
    InetAddress other = InetAddress.ofLiteral("127.0.0.2");
    assertThatThrownBy(() -> new Socket(other, port()).close())
        .isInstanceOf(ConnectException.class);
    endpoint.close();
    assertThat(start(builder().address(InetAddress.ofLiteral("0.0.0.0"))).uri().getHost())
        .isEqualTo("localhost");
    new Socket(other, port()).close();
  }

  @Test
  void closeFreesThePortAndEndsTheThreads() throws Exception {
    var endpoint = start(builder());
    int port = port();
    try (var silent = connect()) {
      endpoint.close();
      assertThat(silent.getInputStream().read()).isEqualTo(-1);
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("reset");
    }
    endpoint.close();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("millrace-http-" + port));
    start(builder().port(port));
    assertThat(get("/health")).startsWith("HTTP/1.1 200");
  }

  @Test
  void badSettingsFailWithAReason() throws Exception {
    assertThatThrownBy(() -> LoopEndpoint.builder().start())
        .hasMessageContaining("call loop(…) or run(…)");
    assertThatThrownBy(() -> builder().port(-1)).hasMessageContaining("65535");
    assertThatThrownBy(() -> builder().connections(0)).hasMessageContaining("at least 1");
    assertThatThrownBy(() -> builder().timeout(Duration.ZERO)).hasMessageContaining("positive");
    start(builder());
    assertThatThrownBy(() -> builder().port(port()).start())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(":" + port());
  }
}
