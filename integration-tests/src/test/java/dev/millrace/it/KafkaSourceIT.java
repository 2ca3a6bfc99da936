package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.channel.KafkaSource;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageConsumer;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pipelines over a real broker: committed records have ended. */
class KafkaSourceIT extends WithBroker {

  private static final int RECORDS = 6_000;

  /** The ended records: dropped, failed, or stored. By partition and offset. */
  private final Map<TopicPartition, Set<Long>> ended = new ConcurrentHashMap<>();

  private final Set<String> dropped = ConcurrentHashMap.newKeySet();

  private void ends(ConsumerRecord<String, String> record) {
    ended
        .computeIfAbsent(
            new TopicPartition(record.topic(), record.partition()),
            name -> ConcurrentHashMap.newKeySet())
        .add(record.offset());
    count(record.value());
  }

  private KafkaSource<String, String> source() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", bootstrapServers());
    properties.put("group.id", group);
    properties.put("key.deserializer", StringDeserializer.class);
    properties.put("value.deserializer", StringDeserializer.class);
    return KafkaSource.<String, String>builder()
        .properties(properties)
        .topics(topic)
        .commitInterval(Duration.ofMillis(20))
        .revokeTimeout(Duration.ofSeconds(2))
        .build();
  }

  private static int number(ConsumerRecord<String, String> record) {
    return Integer.parseInt(record.value().substring("value-".length()));
  }

  /** Every stage that can drop, hold, spread, fail or overtake. */
  private Pipeline<Long> job(StageConsumer<List<ConsumerRecord<String, String>>> store) {
    return source()
        .pipe("orders")
        .filter(
            "relevant",
            record -> {
              boolean relevant = number(record) % 5 != 0;
              if (!relevant) {
                dropped.add(record.value());
                ends(record);
              }
              return relevant;
            })
        .onFailure(FailurePolicy.deadLetters(failure -> ends(record(failure.element()))))
        .mapParallelUnordered(
            "check",
            16,
            record -> {
              if (number(record) % 7 == 0) {
                throw new IOException("refused");
              }
              return record;
            })
        .partitionBy(
            "customers",
            ConsumerRecord::key,
            4,
            lane ->
                lane.batch("batch", 25, Duration.ofMillis(20))
                    .tee("store", store)
                    .flatMap("each", batch -> batch))
        .to(Sink.forEach(this::ends));
  }

  @SuppressWarnings("unchecked") // the elements of the stage
  private static ConsumerRecord<String, String> record(Object element) {
    return (ConsumerRecord<String, String>) element;
  }

  /** Checks, while a run goes on, that no record is committed before it has ended. */
  private long checkCommitsUntil(BooleanSupplier end) {
    var checked = new AtomicLong();
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> {
              // A record that had not ended at this read had not ended at the commit either.
              var commits = commits();
              commits.forEach(
                  (name, offset) -> {
                    Set<Long> of = ended.getOrDefault(name, Set.of());
                    long before = offset == null ? 0 : offset.offset();
                    assertThat(firstThatHasNotEnded(of, before)).as("%s", name).isEqualTo(before);
                    checked.addAndGet(before);
                  });
              return end.getAsBoolean();
            });
    return checked.get();
  }

  private static long firstThatHasNotEnded(Set<Long> ended, long end) {
    long offset = 0;
    while (offset < end && ended.contains(offset)) {
      offset++;
    }
    return offset;
  }

  private boolean isAllCommitted() {
    try {
      return committed() == RECORDS;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void killedAndStartedAgainNothingIsLost(String engine) throws Exception {
    produce(0, RECORDS);
    var stored = new AtomicInteger();
    var hang = new AtomicBoolean(true);
    var reached = new CountDownLatch(1);
    Pipeline<Long> job =
        job(
            batch -> {
              if (stored.addAndGet(batch.size()) > RECORDS / 4 && hang.get()) {
                reached.countDown();
                new CountDownLatch(1).await(); // until it is interrupted
              }
            });
    Run<Long> first = job.start(Engine.named(engine), Context.background());
    checkCommitsUntil(() -> reached.getCount() == 0);
    first.cancel(new IOException("killed"));
    assertThatThrownBy(first::join).isInstanceOf(CancellationException.class);
    assertThat(handled.size()).isLessThan(RECORDS);
    long atEnd = committed();
    assertThat(atEnd).isLessThan(RECORDS);
    checkCommitsUntil(() -> true);

    hang.set(false);
    Run<Long> second = job.start(Engine.named(engine), Context.background());
    assertThat(checkCommitsUntil(this::isAllCommitted)).isPositive();
    second.drain(Duration.ofSeconds(20));
    second.join();
    assertThat(handled).hasSize(RECORDS);
    assertThat(dropped).hasSize(RECORDS / 5);
    // The records settled beyond the commits were remembered in their metadata.
    assertThat(repeated()).isLessThan(RECORDS / 2);
  }

  @Test
  void drainedRunCommitsAllThatItHasHandedOut() throws Exception {
    produce(0, RECORDS);
    Run<Long> run = job(batch -> {}).start(Engine.channels(), Context.background());
    await().until(() -> handled.size() > RECORDS / 4);
    run.drain(Duration.ofSeconds(20));
    run.join();
    int atEnd = handled.size();
    assertThat(committed()).isEqualTo(atEnd);
    Run<Long> next = job(batch -> {}).start(Engine.channels(), Context.background());
    await().atMost(Duration.ofSeconds(60)).until(this::isAllCommitted);
    next.drain(Duration.ofSeconds(20));
    next.join();
    assertThat(handled).hasSize(RECORDS);
    assertThat(repeated()).isZero();
  }

  @Test
  void secondMemberTakesOverAndNothingIsLost() throws Exception {
    produce(0, RECORDS / 2);
    Run<Long> first = job(batch -> {}).start(Engine.channels(), Context.background());
    await().until(() -> handled.size() > RECORDS / 10);
    Run<Long> second = job(batch -> {}).start(Engine.reactor(), Context.background());
    produce(RECORDS / 2, RECORDS);
    checkCommitsUntil(() -> handled.size() > RECORDS * 3 / 4);
    first.cancel(new IOException("killed"));
    assertThatThrownBy(first::join).isInstanceOf(CancellationException.class);
    checkCommitsUntil(this::isAllCommitted);
    second.drain(Duration.ofSeconds(20));
    second.join();
    assertThat(handled).hasSize(RECORDS);
  }
}
