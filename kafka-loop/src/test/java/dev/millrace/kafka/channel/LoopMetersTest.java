package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.micrometer.LoopMeters;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The values of the meters, and their times. */
class LoopMetersTest extends WithMockConsumer {

  private static final Path PAGE = Path.of("..", "docs", "kafka-meters.md");
  private static final String PREFIX = "millrace.kafka.";

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final LoopMeters meters = new LoopMeters(registry);

  private KafkaLoop.Builder<String, String> observed() {
    return builder().observer(meters);
  }

  private double counter(String name, String... tags) {
    return registry.get(PREFIX + name).tag("group", "test").tags(tags).counter().count();
  }

  private long timed(String name) {
    return registry.get(PREFIX + name).tag("group", "test").timer().count();
  }

  private @Nullable Gauge gauge(String name, TopicPartition of) {
    return registry
        .find(PREFIX + name)
        .tags("group", "test", "topic", of.topic(), "partition", "" + of.partition())
        .gauge();
  }

  private double value(String name, TopicPartition of) {
    Gauge gauge = gauge(name, of);
    return gauge == null ? -1 : gauge.value();
  }

  @Test
  void pageListsTheMetersThatThereAre() throws Exception {
    assign(3, P0, P1);
    var loop = observed().handler(record -> {}).build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P1) == 3);
    Set<String> onThePage;
    try (var lines = Files.lines(PAGE)) {
      onThePage =
          lines
              .filter(line -> line.startsWith("| `"))
              .filter(line -> !line.contains(".by.reason")) // from the first dead letter on
              .map(line -> line.split("\\|"))
              .map(cells -> Stream.of(cells).skip(1).limit(4).map(String::strip))
              .map(cells -> cells.collect(Collectors.joining(" ")).replace("`", ""))
              .collect(Collectors.toSet());
    }
    assertThat(registry.getMeters().stream().map(LoopMetersTest::asOnThePage).distinct())
        .containsExactlyInAnyOrderElementsOf(onThePage);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  private static String asOnThePage(Meter meter) {
    Meter.Id id = meter.getId();
    List<String> order = List.of("group", "topic", "partition", "stage");
    assertThat(id.getDescription()).as(id.getName()).isNotBlank();
    return "%s %s %s %s"
        .formatted(
            id.getName(),
            switch (meter) {
              case Gauge gauge -> "gauge";
              case Timer timer -> "timer";
              case Counter counter -> "counter";
              default -> "?";
            },
            id.getBaseUnit(),
            id.getTags().stream()
                .map(Tag::getKey)
                .sorted((a, b) -> order.indexOf(a) - order.indexOf(b))
                .collect(Collectors.joining(", ")));
  }

  @Test
  void countersAndTimersSayWhatHasHappened() throws Exception {
    assign(6, P0);
    var tries = new AtomicInteger();
    var lettersAreAway = new AtomicBoolean(true);
    var loop =
        observed()
            .retry(3, Backoff.fixed(Duration.ofMillis(1)))
            .retryIf(e -> e instanceof IOException)
            .deadLetterBackoff(Backoff.fixed(Duration.ofMillis(1)))
            .deadLetters(
                letter -> {
                  if (lettersAreAway.getAndSet(false)) {
                    throw new IOException("away");
                  }
                })
            .deserializers(
                new StringDeserializer(),
                new StringDeserializer() {
                  @Override
                  public String deserialize(String topic, byte[] data) {
                    String text = super.deserialize(topic, data);
                    if (text.equals("v3")) {
                      throw new IllegalArgumentException("not a text");
                    }
                    return text;
                  }
                })
            .handler(
                record -> {
                  if (record.offset() == 1 && tries.incrementAndGet() < 3) {
                    throw new IOException("not yet");
                  }
                  if (record.offset() == 2) {
                    throw new IllegalStateException("poison");
                  }
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 6);
    loop.drain(Duration.ofSeconds(5));
    running.get();
    assertThat(counter("handled", "topic", "orders")).isEqualTo(4);
    assertThat(counter("failures", "topic", "orders", "stage", "handle")).isEqualTo(3);
    assertThat(counter("failures", "stage", "deserialize")).isEqualTo(1);
    assertThat(counter("failures", "stage", "dead-letter")).isEqualTo(1);
    assertThat(counter("retries")).isEqualTo(2);
    assertThat(counter("dead.letters")).isEqualTo(2);
    assertThat(counter("dead.letters.by.reason", "reason", "IllegalStateException")).isEqualTo(1);
    assertThat(counter("rebalances")).isEqualTo(1);
    assertThat(timed("settle.latency")).isEqualTo(6);
    assertThat(timed("commits")).isPositive();
    assertThat(counter("commit.failures")).isZero();
  }

  @Test
  void settleLatencyIsThatOfThePollAndNotOfTheHandler() throws Exception {
    assign(2, P0);
    var loop = observed().concurrency(1).handler(record -> Thread.sleep(50)).build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 2);
    Timer latency = registry.get(PREFIX + "settle.latency").timer();
    assertThat(latency.max(TimeUnit.MILLISECONDS)).isGreaterThanOrEqualTo(100);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void lagCountsWhatIsFetchedAndNotSettled() throws Exception {
    assign(0, P0);
    mock.schedulePollTask(
        () -> {
          mock.updateEndOffsets(Map.of(P0, 10L));
          add(P0, 0, 4);
        });
    var gate = new CountDownLatch(1);
    var loop = observed().handler(record -> gate.await()).build();
    assertThat(loop.partitions()).isEmpty();
    var running = start(loop, Context.background());
    await().until(() -> value("in.flight", P0) == 4);
    await().until(() -> value("lag", P0) == 10);
    assertThat(loop.partitions()).extracting(PartitionStatus::inFlight).containsExactly(4);
    gate.countDown();
    await().until(() -> value("lag", P0) == 6);
    assertThat(value("in.flight", P0)).isZero();
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void lagOfAPartitionOfWhichNothingWasFetchedIsKnown() throws Exception {
    assign(0, P0);
    mock.schedulePollTask(() -> mock.updateEndOffsets(Map.of(P0, 7L)));
    var loop = observed().handler(record -> {}).build();
    var running = start(loop, Context.background());
    await().until(() -> value("lag", P0) == 7);
    assertThat(committed(P0)).isZero(); // reading the meters does not consume
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void gaugesComeAndGoWithTheirPartition() throws Exception {
    assign(0, P0, P1);
    var loop = observed().handler(record -> {}).build();
    var running = start(loop, Context.background());
    await().until(() -> gauge("lag", P0) != null && gauge("lag", P1) != null);
    assertThat(value("paused", P0)).isZero();
    loop.pause(Set.of(P0));
    assertThat(value("paused", P0)).isEqualTo(1);
    mock.schedulePollTask(() -> mock.rebalance(List.of(P1)));
    await().until(() -> gauge("paused", P0) == null);
    assertThat(gauge("in.flight", P0)).isNull();
    mock.schedulePollTask(() -> mock.rebalance(List.of(P0, P1)));
    await().until(() -> value("paused", P0) == 1);
    await().until(() -> value("lag", P1) == 0);
    loop.seek(P1, 0);
    assertThat(gauge("lag", P1)).isNotNull();
    loop.drain(Duration.ofSeconds(5));
    running.get();
    assertThat(registry.find(PREFIX + "lag").gauges()).isEmpty();
    assertThat(registry.find(PREFIX + "handled").counters()).isNotEmpty();
  }

  /** In a rebalance the new owner may begin before the old one has released the partition. */
  @Test
  void gaugeShowsTheConsumerThatGotThePartitionLast() {
    PartitionObserver first = meters.assigned("test", status(3));
    PartitionObserver second = meters.assigned("test", status(5));
    assertThat(value("in.flight", P0)).isEqualTo(5);
    first.released();
    assertThat(value("in.flight", P0)).isEqualTo(5);
    second.released();
    assertThat(gauge("in.flight", P0)).isNull();
  }

  private static Supplier<PartitionStatus> status(int inFlight) {
    var status = new PartitionStatus(P0, OptionalLong.empty(), inFlight, 0, false, null);
    return () -> status;
  }

  @Test
  void commitThatFailsIsCounted() throws Exception {
    var refuses = new AtomicBoolean(true);
    var broker =
        new MockConsumer<byte[], byte[]>("earliest") {
          @Override
          public synchronized void commitAsync(
              Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
            if (refuses.get()) {
              callback.onComplete(offsets, new RetriableCommitFailedException("not now"));
            } else {
              super.commitAsync(offsets, callback);
            }
          }
        };
    broker.schedulePollTask(
        () -> {
          broker.rebalance(List.of(P0));
          broker.updateBeginningOffsets(Map.of(P0, 0L));
          broker.addRecord(record(P0, 0));
        });
    var loop = observed().factory(properties -> broker).handler(record -> {}).build();
    var running = start(loop, Context.background());
    await().until(() -> !errors.isEmpty());
    assertThat(counter("commit.failures")).isPositive();
    assertThat(timed("commits")).isZero();
    refuses.set(false);
    await().until(() -> timed("commits") == 1);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }
}
