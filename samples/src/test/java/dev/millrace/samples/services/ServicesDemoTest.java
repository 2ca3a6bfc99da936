package dev.millrace.samples.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ServicesDemoTest {

  @TempDir private Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void end() {
    threads.shutdownNow();
    client.close();
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private Future<Integer> start() {
    var print = new PrintStream(out, true, StandardCharsets.UTF_8);
    Future<Integer> status =
        threads.submit(
            () -> ServicesDemo.execute(print, "--port", "0", "--directory", directory.toString()));
    await().until(() -> printed().contains("service 'app server' started"));
    return status;
  }

  /** Sends this process the signal that the operating system would send. */
  private static void signal(String name) throws IOException {
    new ProcessBuilder("kill", "-" + name, Long.toString(ProcessHandle.current().pid())).start();
  }

  private HttpResponse<String> get(String server, String path) throws Exception {
    Matcher url = Pattern.compile(server + " +(http://localhost:\\d+)").matcher(printed());
    assertThat(url.find()).isTrue();
    return client.send(
        HttpRequest.newBuilder(URI.create(url.group(1) + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private void awaitPrice() {
    await().until(() -> get("app", "/price/apple").body().equals("apple costs 0.40\n"));
  }

  @Test
  void answersInTimeAndStopsInOrder() throws Exception {
    Future<Integer> status = start();
    awaitPrice();
    assertThat(get("app", "/price/slow").statusCode()).isEqualTo(504);
    assertThat(get("debug", "/").body()).contains("dropped=0", "1 calls left behind", "price(");
    assertThat(get("app", "/price/broken"))
        .satisfies(answer -> assertThat(answer.statusCode()).isEqualTo(502))
        .satisfies(
            answer -> assertThat(answer.body()).contains("AssertionError: no such database"));
    signal("TERM");
    assertThat(status.get()).isZero();
    assertThat(printed())
        .containsSubsequence(
            "closing: SIGTERM has come",
            "service 'app server' stopped",
            "service 'debug server' stopped",
            "service 'price table' stopped",
            "access log: TrackerReport[",
            "failed=0, dropped=0, unwritten=0]",
            "service 'access log' stopped",
            "closed");
    assertThat(Files.readAllLines(directory.resolve("access.log")))
        .contains("200 /price/apple", "504 /price/slow", "502 /price/broken");
  }

  @Test
  void failedServiceIsStartedAgain() throws Exception {
    Future<Integer> status = start();
    awaitPrice();
    Path table = directory.resolve("prices.properties");
    Path away = directory.resolve("away");
    Files.move(table, away);
    await().until(() -> printed().contains("service 'price table' failed, and is started again"));
    Files.move(away, table);
    await().until(() -> printed().contains("service 'price table' started again"));
    assertThat(get("app", "/price/apple").statusCode()).isEqualTo(200); // the others went on
    signal("TERM"); // SIGINT is ignored where a build runs in the background
    assertThat(status.get()).isZero();
    assertThat(printed()).contains("closing: SIGTERM has come");
  }

  @Test
  void serviceThatFailsForGoodStopsAll() throws Exception {
    Future<Integer> status = start();
    Files.delete(directory.resolve("prices.properties"));
    assertThat(status.get()).isEqualTo(1);
    assertThat(printed())
        .contains("started again, restart 4")
        .containsSubsequence(
            "service 'price table' failed, and is not started again",
            "service 'app server' stopped",
            "service 'access log' stopped",
            "failed: java.util.concurrent.ExecutionException");
  }
}
