package dev.millrace.kafka.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The pages in a server of the application, and as a function. */
class LoopPagesTest extends WithEndpoint {

  private final LoopPages pages =
      LoopPages.builder().loop(status::get).metrics(() -> "lag 12\n").build();

  private static String text(Answer answer) {
    return new String(answer.body(), UTF_8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/health",
        "/health/live",
        "/health/ready",
        "/health/started",
        "/metrics",
        "/nothing"
      })
  void functionGivesTheAnswersOfTheEndpoint(String path) throws Exception {
    start(builder().metrics(() -> "lag 12\n"));
    String answer = get(path);
    Answer same = pages.answer("GET", path);
    assertThat(answer).startsWith("HTTP/1.1 " + same.status() + " ");
    assertThat(body(answer)).isEqualTo(text(same));
    assertThat(same.headers())
        .containsKeys("Content-Type", "Content-Security-Policy", "Cache-Control")
        .allSatisfy(
            (name, value) -> assertThat(answer).contains("\r\n" + name + ": " + value + "\r\n"));
  }

  @Test
  void readinessFollowsTheLoop() {
    assertThat(pages.answer("GET", "/health/ready").status()).isEqualTo(200);
    status.set(status("shop", new Health(State.CLOSING, "it closes")));
    assertThat(pages.answer("GET", "/health/ready").status()).isEqualTo(503);
    assertThat(pages.answer("GET", "/health/live").status()).isEqualTo(200);
  }

  @Test
  void headHasNoBodyAndOtherMethodsAreRefused() {
    assertThat(pages.answer("HEAD", "/status").status()).isEqualTo(200);
    assertThat(pages.answer("HEAD", "/status").body()).isEmpty();
    assertThat(pages.answer("POST", "/status").status()).isEqualTo(405);
    assertThat(pages.answer("POST", "/status").headers()).containsEntry("Allow", "GET, HEAD");
  }

  @Test
  void bodyOfAnAnswerIsACopy() {
    Answer answer = pages.answer("GET", "/metrics");
    answer.body()[0] = 'x';
    assertThat(text(answer)).isEqualTo("lag 12\n");
  }

  @Test
  void messagesAreHiddenByChoice() {
    var hiding = LoopPages.builder().loop(status::get).hideMessages().build();
    assertThat(text(hiding.answer("GET", "/status"))).doesNotContain("the store is");
  }

  @Test
  void thereMustBeALoop() {
    assertThatThrownBy(() -> LoopPages.builder().build())
        .hasMessageContaining("call loop(…) or run(…)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/loops", "/loops/", "/"})
  void handlerServesThePagesBelowItsContext(String context) throws Exception {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    var place = URI.create("http://localhost:" + server.getAddress().getPort());
    String base = context.endsWith("/") ? context : context + "/";
    try (var threads = Executors.newVirtualThreadPerTaskExecutor();
        var client = HttpClient.newHttpClient()) {
      server.setExecutor(threads);
      server.createContext(context, new LoopHttpHandler(pages));
      server.start();
      assertThat(ask(client, "GET", place.resolve(base + "status?a=b")).body()).contains("orders");
      var page = ask(client, "GET", place.resolve(base));
      assertThat(page.body()).endsWith("</html>\n");
      assertThat(page.headers().firstValue("Content-Security-Policy")).isPresent();
      var head = ask(client, "HEAD", place.resolve(base + "health"));
      assertThat(head.statusCode()).isEqualTo(200);
      assertThat(head.body()).isEmpty();
      assertThat(ask(client, "POST", place.resolve(base + "health")).statusCode()).isEqualTo(405);
      assertThat(ask(client, "GET", place.resolve(base + "x")).statusCode()).isEqualTo(404);
      if (context.equals("/loops")) {
        var without = ask(client, "GET", place.resolve("/loops"));
        assertThat(without.statusCode()).isEqualTo(308);
        assertThat(without.headers().firstValue("Location")).contains("/loops/");
        assertThat(ask(client, "GET", place.resolve("/loopsx")).statusCode()).isEqualTo(404);
      }
    } finally {
      server.stop(0);
    }
  }

  @Test
  void functionThatThrowsIsAnErrorOfThatRequestOnly() throws Exception {
    var failing =
        LoopPages.builder()
            .loop(
                () -> {
                  throw new IllegalStateException("secret");
                })
            .build();
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", new LoopHttpHandler(failing));
    server.start();
    var place = URI.create("http://localhost:" + server.getAddress().getPort());
    try (var client = HttpClient.newHttpClient()) {
      var answer = ask(client, "GET", place.resolve("/status"));
      assertThat(answer.statusCode()).isEqualTo(500);
      assertThat(answer.body()).doesNotContain("secret");
      assertThat(ask(client, "GET", place.resolve("/")).statusCode()).isEqualTo(200);
    } finally {
      server.stop(0);
    }
  }

  private static HttpResponse<String> ask(HttpClient client, String method, URI uri)
      throws Exception {
    return client.send(
        HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody()).build(),
        BodyHandlers.ofString());
  }
}
