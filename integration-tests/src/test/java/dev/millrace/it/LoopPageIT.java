package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.http.LoopEndpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The live page in a real browser. */
class LoopPageIT extends WithBroker {

  private static final Path SCREENSHOTS = Path.of("target");

  private static @Nullable Browser browser;

  private final List<AutoCloseable> open = new ArrayList<>();

  @BeforeAll
  static void startBrowser() throws Exception {
    var program = Browser.installed();
    String missing = "there is no chromium on the PATH: the live page is not tested in a browser";
    if (program.isEmpty()) {
      System.out.println(missing);
    }
    assumeTrue(program.isPresent(), missing);
    browser = new Browser(program.get());
  }

  @AfterAll
  static void closeBrowser() throws Exception {
    if (browser != null) {
      browser.close();
    }
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private static ConditionFactory soon() {
    return await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(200));
  }

  private Browser.Page show(LoopEndpoint.Builder builder) {
    var endpoint = builder.start();
    open.add(endpoint);
    var page = Objects.requireNonNull(browser).open(endpoint.uri());
    open.add(page);
    soon().until(() -> page.count("section") > 0);
    return page;
  }

  /** Called at the end of every test. */
  private static void staysAtHome(Browser.Page page) {
    String home = page.evaluate("location.href");
    assertThat(page.complaints()).isEmpty();
    assertThat(page.requests())
        .hasSizeGreaterThan(1)
        .allMatch(url -> url.startsWith(home) || url.equals("data:,"));
  }

  private static String tile(Browser.Page page, int number) {
    return page.text(".tile:nth-child(" + number + ")");
  }

  @Test
  void figuresFollowTheLoop() throws Exception {
    produce(0, 500);
    var running = start(builder(Map.of()).build());
    var page = show(LoopEndpoint.builder().loop(running.loop()::status));
    soon().until(() -> tile(page, 1).contains("500 in all"));
    soon().until(() -> tile(page, 2).startsWith("Lag0"));
    produce(500, 600);
    soon().until(() -> tile(page, 1).contains("600 in all"));
    soon()
        .until(
            () -> page.evaluate("document.querySelector('path').getAttribute('d')").contains("L"));
    assertThat(page.count("tbody tr")).isEqualTo(PARTITIONS);
    assertThat(page.text("tbody tr:nth-child(3)")).contains(topic + "-2", "all fetched records");
    assertThat(page.text(".state")).isEqualTo("running");
    assertThat(page.text(".events")).contains("claimed");
    assertThat(page.text("#updated")).startsWith("As of ");
    staysAtHome(page);
    running.drain();
    soon().until(() -> page.text(".state").equals("stopped"));
    assertThat(page.evaluate("document.title")).isEqualTo("(1 not alive) Kafka loops");
  }

  @Test
  void stuckHandlerIsShownWithItsCause() throws Exception {
    var gate = new CountDownLatch(1);
    var away = new AtomicBoolean(true);
    produceTo(2, "a", 0, 40);
    var running =
        start(
            builder(Map.of())
                .stuckAfter(Duration.ofSeconds(2))
                .retryForever(Backoff.fixed(Duration.ofMillis(500)))
                .handler(
                    record -> {
                      if (record.partition() == 2) {
                        gate.await();
                      }
                      if (record.partition() == 4 && away.get()) {
                        throw new IOException("the store is away");
                      }
                    })
                .build());
    var other = start(builder(Map.of("group.id", group + "-other")).build());
    var page = show(LoopEndpoint.builder().loop(running.loop()::status).loop(other.loop()::status));
    // On a busy machine, the loop may be stuck before it has joined its group.
    soon().until(() -> page.text(".reason").contains(topic + "-2 stands at offset 0"));
    soon().until(() -> page.text(".more p").contains("being handled"));
    soon().until(() -> page.text(".state").equals("stuck"));
    produceTo(4, "b", 40, 60);
    soon().until(() -> page.count(".waits li.waits") == 2);
    soon().until(() -> page.text(".waits").contains("39 records"));
    soon().until(() -> page.text(".waits").contains("19 records"));
    soon().until(() -> page.text(".waits").contains("the store is away"));
    String waits = page.text(".waits");
    assertThat(waits)
        .contains(topic + "-2 waits for offset 0 for", "it is being handled", "39 records")
        .contains(topic + "-4 waits for offset 0 for", "the store is away", "19 records");
    soon().until(() -> page.text("tbody tr:nth-child(5)").contains("the store is away"));
    assertThat(tile(page, 5)).contains("to handle");
    soon().until(() -> page.text(".events").contains("the store is away"));
    soon().until(() -> page.text("section:nth-child(2) .tile").contains("60 in all"));
    page.screenshot("light", 1280, SCREENSHOTS.resolve("loop-page-light.png"));
    page.screenshot("dark", 1280, SCREENSHOTS.resolve("loop-page-dark.png"));
    page.screenshot("light", 420, SCREENSHOTS.resolve("loop-page-narrow.png"));
    gate.countDown();
    away.set(false);
    soon().until(() -> page.text(".state").equals("running"));
    soon().until(() -> page.count(".waits li.waits") == 0);
    staysAtHome(page);
    running.drain();
    other.drain();
  }

  @Test
  void namesWithMarkupAreText() throws Exception {
    group = "<img src=x onerror=alert(1)><b>bold</b> & \"co\" " + group;
    String client = "</script><script>document.title='taken'</script>";
    var running =
        start(
            builder(Map.of("client.id", client))
                .retryForever(Backoff.fixed(Duration.ofMillis(100)))
                .handler(
                    record -> {
                      throw new IOException("<script>document.title='taken'</script>");
                    })
                .build());
    produceTo(0, "a", 0, 1);
    var page = show(LoopEndpoint.builder().loop(running.loop()::status));
    soon().until(() -> page.text(".events").contains("<script>document.title='taken'</script>"));
    soon().until(() -> page.text("tbody tr").contains("<script>"));
    assertThat(page.text("h2")).isEqualTo(group);
    assertThat(page.text(".title")).contains(client);
    assertThat(page.count("main img, main b, main script")).isZero();
    assertThat(page.evaluate("document.title")).isEqualTo("Kafka loops");
    staysAtHome(page);
    running.drain();
  }
}
