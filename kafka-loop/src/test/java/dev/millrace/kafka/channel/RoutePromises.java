package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.HotKey;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.RetryHeaders;
import dev.millrace.kafka.builder.LoopBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Routes, and records that are skipped, on any face. */
public abstract class RoutePromises extends WithMockConsumer {

  /** A route of a test: a topic or a pattern, a deserializer of values, a handler. */
  protected record Path<V>(
      @Nullable String topic,
      @Nullable Pattern pattern,
      Supplier<? extends Deserializer<V>> values,
      RecordHandler<String, V> handler) {}

  /** What becomes of the topics without a route. */
  protected enum Others {
    STOP,
    SKIP,
    HANDLE
  }

  private static final TopicPartition COUNTS = new TopicPartition("counts", 0);
  private static final TopicPartition RETRY = new TopicPartition("counts.retry", 0);

  private static final AtomicInteger CLOSED = new AtomicInteger();

  /** The length of the text, with the digits of its end. */
  private static final class Lengths implements Deserializer<Integer> {
    @Override
    public Integer deserialize(String topic, byte[] data) {
      if (!topic.equals("counts")) {
        throw new IllegalStateException("the topic is " + topic);
      }
      return data.length;
    }

    @Override
    public void close() {
      CLOSED.incrementAndGet();
    }
  }

  /** Handled records: topic, offset, value. */
  protected final List<String> handled = Collections.synchronizedList(new ArrayList<>());

  private final List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());

  /** A builder of a loop of this face with these routes, and without topics. */
  protected abstract LoopBuilder<?, ?, ?> routed(List<Path<?>> paths, Others others);

  /** A builder of a loop of this face with a handler. */
  protected abstract LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler);

  /** The properties of a loop without deserializers. */
  protected static Map<String, Object> withoutDeserializers() {
    Map<String, Object> properties = new HashMap<>(properties());
    properties.remove("key.deserializer");
    properties.remove("value.deserializer");
    return properties;
  }

  private Path<String> texts(String topic) {
    return new Path<>(topic, null, StringDeserializer::new, this::handle);
  }

  private void handle(ConsumerRecord<String, ?> record) {
    handled.add(record.topic() + "@" + record.offset() + "=" + record.value());
  }

  private Path<Integer> counts() {
    return new Path<>("counts", null, Lengths::new, record -> handle(record));
  }

  private static void drain(Loop loop, java.util.concurrent.FutureTask<String> running)
      throws Exception {
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
  }

  @Test
  void eachTopicHasItsDeserializersAndItsHandler() throws Exception {
    int before = CLOSED.get();
    assign(2, P0, COUNTS);
    Loop loop = routed(List.of(texts("orders"), counts()), Others.STOP).build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 2 && committed(COUNTS) == 2);
    assertThat(mock.subscription()).containsExactlyInAnyOrder("orders", "counts");
    drain(loop, running);
    assertThat(handled)
        .containsExactlyInAnyOrder("orders@0=v0", "orders@1=v1", "counts@0=2", "counts@1=2");
    assertThat(CLOSED.get()).isGreaterThan(before);
  }

  @Test
  void theFirstRouteThatMatchesCountsAndOthersCanBeHandled() throws Exception {
    assign(1, P0, COUNTS);
    var all =
        new Path<>(
            null,
            Pattern.compile("ord.*"),
            StringDeserializer::new,
            record -> handled.add("pattern"));
    Loop loop =
        routed(List.of(all, texts("orders")), Others.HANDLE).topics("orders", "counts").build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 1 && committed(COUNTS) == 1);
    drain(loop, running);
    assertThat(handled).containsExactlyInAnyOrder("pattern", "other v0");
  }

  @Test
  void aTopicWithoutARouteIsRefusedAtTheStart() {
    LoopBuilder<?, ?, ?> builder = routed(List.of(texts("orders")), Others.STOP);
    builder.topics("orders", "counts");
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no route matches the topic 'counts'")
        .hasMessageContaining("[orders]");
  }

  @Test
  void aTopicWithoutARouteStopsTheLoopWhenItAppears() {
    assign(1, P0, COUNTS);
    LoopBuilder<?, ?, ?> builder = routed(List.of(texts("orders")), Others.STOP);
    builder.topics(Pattern.compile(".*"));
    builder.deadLetters(letters::add); // otherwise a record without a route would stop it, too
    Loop loop = builder.build();
    var running = start(loop, Context.background());
    assertThatThrownBy(running::get).hasStackTraceContaining("no route matches the topic 'counts'");
    assertThat(handled).noneMatch(one -> one.startsWith("counts"));
    assertThat(letters).isEmpty();
    assertThat(lastCommits.getOrDefault(COUNTS, 0L)).isZero();
  }

  @Test
  void aTopicWithoutARouteIsSkippedByChoice() throws Exception {
    assign(5, P0, COUNTS);
    LoopBuilder<?, ?, ?> builder = routed(List.of(texts("orders")), Others.SKIP);
    builder.topics(Pattern.compile(".*"));
    Loop loop = builder.build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 5 && committed(COUNTS) == 5);
    assertThat(loop.status().figures().skipped()).isEqualTo(5);
    drain(loop, running);
    assertThat(handled).hasSize(5).allMatch(one -> one.startsWith("orders"));
  }

  @Test
  void aRecordOfARetryTopicGoesToTheRouteOfItsFirstTopic() throws Exception {
    assign(0, COUNTS, RETRY);
    Loop loop =
        routed(List.of(counts()), Others.STOP)
            .retryTopic("counts.retry", Duration.ofMillis(1))
            .deadLetters(letters::add)
            .build();
    mock.schedulePollTask(
        () -> {
          ConsumerRecord<byte[], byte[]> record = record(RETRY, 0);
          record.headers().add(RetryHeaders.TOPIC, bytes("counts"));
          mock.addRecord(record);
          ConsumerRecord<byte[], byte[]> forwarded = record(COUNTS, 0); // no retry of this loop
          forwarded.headers().add(RetryHeaders.TOPIC, bytes("elsewhere"));
          mock.addRecord(forwarded);
        });
    var running = start(loop, Context.background());
    await().until(() -> committed(RETRY) == 1 && committed(COUNTS) == 1);
    drain(loop, running);
    assertThat(handled).containsExactlyInAnyOrder("counts.retry@0=2", "counts@0=2");
    assertThat(letters).isEmpty();
  }

  @Test
  void twoWaysToHandleAreRefused() {
    assertThatThrownBy(() -> routed(List.of(texts("orders"), texts("orders")), Others.STOP))
        .hasMessageContaining("'orders' has two routes");
    LoopBuilder<?, ?, ?> builder = routed(List.of(texts("orders")), Others.STOP);
    setDeserializers(builder);
    assertThatThrownBy(builder::build).hasMessageContaining("remove deserializers(…)");
  }

  private static <K, V> void setDeserializers(LoopBuilder<K, V, ?> builder) {
    builder.deserializers((topic, data) -> null, (topic, data) -> null);
  }

  @Test
  void recordsAreSkippedByTheirHeaders() throws Exception {
    assign(0, P0);
    mock.schedulePollTask(
        () -> {
          for (int i = 0; i < 100; i++) {
            ConsumerRecord<byte[], byte[]> record = record(P0, i);
            record.headers().add("type", bytes(i % 10 == 0 ? "order" : "noise"));
            mock.addRecord(record);
          }
        });
    Loop loop =
        handling(this::handle)
            .skipIf(record -> record.headers().lastHeader("type").value()[0] == 'n')
            .hottestKeys(3)
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 100);
    assertThat(loop.status().figures().skipped()).isEqualTo(90);
    assertThat(loop.status().figures().handled()).isEqualTo(10);
    assertThat(loop.status().hottestKeys()).containsExactly(new HotKey("orders", "k", 100, 0));
    mock.schedulePollTask(
        () -> {
          ConsumerRecord<byte[], byte[]> record = record(P0, 100); // nothing else is left
          record.headers().add("type", bytes("noise"));
          mock.addRecord(record);
        });
    await().until(() -> committed(P0) == 101);
    drain(loop, running);
    assertThat(handled).hasSize(10);
  }

  @Test
  void aRuleThatThrowsSkipsNothing() throws Exception {
    assign(3, P0);
    Loop loop =
        handling(this::handle)
            .retry(1, Backoff.none())
            .skipIf(
                record -> {
                  throw new IllegalStateException("a bad rule");
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 3);
    drain(loop, running);
    assertThat(handled).hasSize(3);
  }
}
