package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.context.Context;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Front;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Latency;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.LoopFigures;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.http.LoopEndpoint;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The live page in a real browser, with loops in five states. No broker is needed. */
@Timeout(180)
class LoopPageStatesIT {

  private static final Path SCREENSHOTS = Path.of("target");

  private static @Nullable Browser browser;

  @BeforeAll
  static void startBrowser() throws Exception {
    var program = Browser.installed();
    assumeTrue(program.isPresent(), "there is no chromium on the PATH");
    browser = new Browser(program.get());
  }

  @AfterAll
  static void closeBrowser() throws Exception {
    if (browser != null) {
      browser.close();
    }
  }

  /** A state of a loop, with its short sentence and a text of the details. */
  enum Shown {
    GOOD(State.RUNNING, "6 partitions are assigned", "6 partitions are assigned", true, true),
    STUCK(
        State.STUCK,
        "orders-2 stands at offset 41 for 97 s; it is being handled",
        "orders-2 stands at offset 41 for 97 s",
        true,
        true),
    FAILING(
        State.SLOW,
        "paused because their handlers are busy: [orders-0, orders-2]",
        "paused because their handlers are busy",
        true,
        true),
    DRAINING(
        State.CLOSING,
        "it closes, and waits for the handlers of 3 records",
        "it closes, and waits for the handlers of 3 records",
        true,
        true),
    EMPTY(
        State.STARTING,
        "it has nothing to read: the topic 'orders' does not exist yet",
        "it has nothing to read",
        false,
        false);

    private final State state;
    private final String reason;
    private final String headline;
    private final boolean hasPartitions;
    private final boolean works;

    Shown(State state, String reason, String headline, boolean hasPartitions, boolean works) {
      this.state = state;
      this.reason = reason;
      this.headline = headline;
      this.hasPartitions = hasPartitions;
      this.works = works;
    }

    private LoopStatus status(long settled) {
      long now = works ? settled : 0;
      boolean fails = this == FAILING;
      return new LoopStatus(
          "shop-orders",
          "orders-service-7d9f-1",
          List.of("orders"),
          16,
          new Health(state, reason),
          new LoopFigures(
              now,
              now,
              Map.of("handle", fails ? now / 1000 : 0),
              fails ? now / 2000 : 0,
              fails ? 3 : 0,
              fails ? Map.of("IOException", 3L) : Map.of(),
              1,
              42,
              0,
              works
                  ? new Latency(
                      now,
                      Duration.ofMillis(3),
                      Duration.ofMillis(9),
                      Duration.ofMillis(24),
                      Duration.ofMillis(80))
                  : new Latency(0, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO)),
          hasPartitions ? IntStream.range(0, 6).mapToObj(this::partition).toList() : List.of(),
          events());
    }

    private PartitionStatus partition(int number) {
      var name = new TopicPartition("orders", number);
      boolean stands = this == STUCK && number == 2;
      return new PartitionStatus(
          name,
          OptionalLong.of(stands ? 1_204 : 3 + number),
          this == DRAINING && number < 3 ? 1 : 0,
          stands ? 39 : 0,
          stands,
          stands ? new Front(name, 41, Duration.ofSeconds(97), "it is being handled") : null);
    }

    private List<LoopEvent> events() {
      Instant at = Instant.parse("2026-01-01T10:20:30Z");
      if (this == EMPTY) {
        return List.of();
      }
      var claimed =
          new LoopEvent.Rebalanced(
              at, new Notification(Set.of(new TopicPartition("orders", 0)), Set.of(), Set.of()));
      if (this != FAILING) {
        return List.of(claimed);
      }
      Stream<LoopEvent> letters =
          IntStream.range(0, 3)
              .mapToObj(
                  i ->
                      new LoopEvent.DeadLettered(
                          at.plusSeconds(10 - i),
                          new DeadLetter(
                              new ConsumerRecord<>("orders", i, 100 + i, new byte[0], new byte[0]),
                              DeadLetter.HANDLE,
                              3,
                              new IOException("the store <b>is</b> away"))));
      return Stream.concat(letters, Stream.of(claimed)).toList();
    }
  }

  private static ConditionFactory soon() {
    return await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(200));
  }

  @ParameterizedTest
  @EnumSource(Shown.class)
  void everyStateIsShownOnADeskAndOnAPhone(Shown shown) throws Exception {
    var settled = new AtomicLong(1_000_000);
    Supplier<LoopStatus> status = () -> shown.status(settled.addAndGet(700));
    try (var endpoint = LoopEndpoint.builder().loop(status).start();
        var page = Objects.requireNonNull(browser).open(endpoint.uri())) {
      soon().until(() -> page.count("section") == 1);
      assertThat(page.text(".state")).isEqualTo(shown.state.name().toLowerCase(Locale.ROOT));
      assertThat(page.text(".reason")).isEqualTo(shown.headline);
      assertThat(page.text(".more p")).isEqualTo(shown.reason);
      assertThat(page.evaluate("String(document.querySelector('.more').hidden)"))
          .isEqualTo(String.valueOf(shown.reason.equals(shown.headline)));
      assertThat(page.count("figure svg[role=img]")).isEqualTo(4);
      if (shown.works) {
        // A rate needs two samples, and a line needs two rates.
        soon().until(() -> line(page, 1).contains("L"));
        soon().until(() -> line(page, 2).contains("L"));
        assertThat(page.evaluate(label(1))).matches("Settled per second: now [^;]+ in the last .*");
      } else {
        assertThat(page.text("figure:nth-child(2) .axis")).isEqualTo("no figures yet");
        assertThat(page.text("h3:not([hidden])")).isEqualTo("Waiting partitions");
        assertThat(page.count("h3:not([hidden])")).isEqualTo(1); // nothing to show under the others
        assertThat(page.count(".scroll:not([hidden])")).isZero();
      }
      assertThat(page.count(".letters li:not([hidden])")).isEqualTo(shown == Shown.FAILING ? 3 : 0);
      if (shown == Shown.FAILING) {
        assertThat(page.text(".letters li"))
            .contains("orders-0, offset 100", "java.io.IOException", "in handle, after 3 attempts")
            .contains("the store <b>is</b> away");
        assertThat(
                page.evaluate(
                    "String(!!document.getElementById(decodeURIComponent("
                        + "document.querySelector('.letters a').hash.slice(1))))"))
            .as("the link leads to the partition")
            .isEqualTo("true");
      }
      String name = "loop-page-" + shown.name().toLowerCase(Locale.ROOT);
      page.screenshot("light", 1280, SCREENSHOTS.resolve(name + ".png"));
      String light = page.evaluate("getComputedStyle(document.body).backgroundColor");
      page.screenshot("dark", 1280, SCREENSHOTS.resolve(name + "-dark.png"));
      assertThat(page.evaluate("getComputedStyle(document.body).backgroundColor"))
          .isNotEqualTo(light);
      page.screenshot("light", 360, SCREENSHOTS.resolve(name + "-phone.png"));
      assertThat(page.evaluate("String(document.documentElement.scrollWidth)"))
          .as("nothing is wider than a phone")
          .isEqualTo("360");
      assertThat(page.complaints()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void runOfAPipelineIsShownWithItsGraph(String engine) throws Exception {
    var gate = new CountDownLatch(1);
    Pipeline<Long> job =
        Pipe.from(Source.of(IntStream.range(0, 100).boxed().toList()))
            .map("parse \"#1\"", one -> one)
            .partitionBy(
                "lanes",
                one -> one % 2,
                2,
                lane ->
                    lane.map(
                        "save",
                        one -> {
                          gate.await();
                          return one;
                        }))
            .to(Sink.count());
    try (Run<Long> run = job.start(Engine.named(engine), Context.background());
        var endpoint = LoopEndpoint.builder().run("import", job, () -> run).start();
        var page = Objects.requireNonNull(browser).open(endpoint.uri())) {
      soon().until(() -> page.text(".run .state").equals("running"));
      soon().until(() -> page.text(".run .graph").contains("parse \"#1\""));
      assertThat(page.text("h1")).isEqualTo("Pipelines");
      soon().until(() -> page.count(".run .stage.blocked, .run .stage.busy") > 0);
      assertThat(page.count(".run .level")).isGreaterThan(4);
      assertThat(page.text(".run .explain")).contains("save", "received");
      page.screenshot("light", 1280, SCREENSHOTS.resolve("run-page-" + engine + ".png"));
      page.screenshot("dark", 360, SCREENSHOTS.resolve("run-page-" + engine + "-phone.png"));
      assertThat(page.evaluate("String(document.documentElement.scrollWidth)")).isEqualTo("360");
      gate.countDown();
      assertThat(run.join()).isEqualTo(100);
      soon().until(() -> page.text(".run .state").equals("ended"));
      assertThat(page.complaints()).isEmpty();
    }
  }

  private static String line(Browser.Page page, int chart) {
    return page.evaluate(
        "document.querySelector('figure:nth-child(" + chart + ") path').getAttribute('d') || ''");
  }

  private static String label(int chart) {
    return "document.querySelector('figure:nth-child("
        + chart
        + ") svg').getAttribute('aria-label')";
  }
}
