package dev.millrace.it;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Chromium without a window, controlled by its DevTools protocol. */
final class Browser implements AutoCloseable {

  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
  private static final List<String> ARGUMENTS =
      List.of(
          "--headless",
          "--no-sandbox", // needed when root starts it in a container; it only sees our own page
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
          "--disable-dev-shm-usage",
          "--hide-scrollbars",
          "--remote-debugging-port=0");
  private static final JsonMapper JSON = new JsonMapper();

  private final Path profile;
  private final Process process;
  private final HttpClient client = HttpClient.newHttpClient();
  private final WebSocket socket;
  private final AtomicInteger calls = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private final List<JsonNode> events = new CopyOnWriteArrayList<>();

  /** The program, if it is on the PATH. */
  static Optional<Path> installed() {
    return NAMES.stream()
        .flatMap(
            name ->
                Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                    .map(directory -> Path.of(directory, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  Browser(Path program) throws IOException {
    profile = Files.createTempDirectory("millrace-browser-");
    process =
        new ProcessBuilder(
                Stream.of(
                        Stream.of(program.toString(), "--user-data-dir=" + profile),
                        ARGUMENTS.stream(),
                        Stream.of("about:blank"))
                    .flatMap(part -> part)
                    .toList())
            .redirectErrorStream(true)
            .redirectOutput(profile.resolve("output.txt").toFile())
            .start();
    try {
      Path port = profile.resolve("DevToolsActivePort");
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> Files.exists(port) && Files.readAllLines(port).size() == 2);
      List<String> lines = Files.readAllLines(port);
      socket =
          client
              .newWebSocketBuilder()
              .buildAsync(
                  URI.create("ws://127.0.0.1:" + lines.getFirst() + lines.getLast()), new Answers())
              .join();
    } catch (Throwable e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private final class Answers implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        receive(text.toString());
        text.setLength(0);
      }
      from.request(1);
      return null;
    }
  }

  private void receive(String message) {
    try {
      JsonNode json = JSON.readTree(message);
      CompletableFuture<JsonNode> answer = answers.remove(json.path("id").asInt());
      if (answer != null) {
        answer.complete(json);
      } else {
        events.add(json);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private JsonNode call(String session, String method, Map<String, ?> parameters) {
    int id = calls.incrementAndGet();
    var answer = new CompletableFuture<JsonNode>();
    answers.put(id, answer);
    Map<String, Object> message = new HashMap<>();
    message.put("id", id);
    message.put("method", method);
    message.put("params", parameters);
    if (!session.isEmpty()) {
      message.put("sessionId", session);
    }
    try {
      socket.sendText(JSON.writeValueAsString(message), true).join();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    JsonNode json = answer.orTimeout(30, TimeUnit.SECONDS).join();
    if (json.has("error") || json.path("result").has("exceptionDetails")) {
      throw new IllegalStateException(method + ": " + json);
    }
    return json.path("result");
  }

  /** Opens a page; returns before it is loaded. */
  Page open(URI uri) {
    String target =
        call("", "Target.createTarget", Map.of("url", "about:blank")).path("targetId").asText();
    String session =
        call("", "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
            .path("sessionId")
            .asText();
    for (String domain : List.of("Runtime", "Log", "Network", "Page")) {
      call(session, domain + ".enable", Map.of());
    }
    call(session, "Page.navigate", Map.of("url", uri.toString()));
    return new Page(target, session);
  }

  /** A page that is open. */
  final class Page implements AutoCloseable {
    private final String target;
    private final String session;

    private Page(String target, String session) {
      this.target = target;
      this.session = session;
    }

    /** The value of a JavaScript expression, as text. */
    String evaluate(String expression) {
      return call(
              session, "Runtime.evaluate", Map.of("expression", expression, "returnByValue", true))
          .path("result")
          .path("value")
          .asText();
    }

    /** The text of the first element that a selector finds; empty if there is none. */
    String text(String selector) {
      return evaluate("document.querySelector(" + quoted(selector) + ")?.textContent ?? ''");
    }

    /** The number of elements that a selector finds. */
    int count(String selector) {
      return Integer.parseInt(
          evaluate("document.querySelectorAll(" + quoted(selector) + ").length"));
    }

    private static String quoted(String text) {
      return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    private Stream<JsonNode> events(String method) {
      return events.stream()
          .filter(one -> one.path("sessionId").asText().equals(session))
          .filter(one -> one.path("method").asText().equals(method))
          .map(one -> one.path("params"));
    }

    /** All messages of the console: exceptions, logs, and requests that the policy refuses. */
    List<String> complaints() {
      return Stream.of("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
          .flatMap(this::events)
          .map(JsonNode::toString)
          .toList();
    }

    /** All requests of the page, to any address. */
    List<String> requests() {
      return events("Network.requestWillBeSent")
          .map(one -> one.path("request").path("url").asText())
          .toList();
    }

    void screenshot(String colours, int width, Path file) throws IOException {
      call(
          session,
          "Emulation.setEmulatedMedia",
          Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", colours))));
      call(
          session,
          "Emulation.setDeviceMetricsOverride",
          Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", false));
      String data =
          call(session, "Page.captureScreenshot", Map.of("captureBeyondViewport", true))
              .path("data")
              .asText();
      Files.write(file, Base64.getDecoder().decode(data));
    }

    @Override
    public void close() {
      call("", "Target.closeTarget", Map.of("targetId", target));
    }
  }

  @Override
  public void close() throws IOException, InterruptedException {
    try {
      call("", "Browser.close", Map.of());
    } finally {
      socket.abort();
      client.shutdownNow();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    }
    try (Stream<Path> files = Files.walk(profile)) {
      files.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
    }
  }
}
