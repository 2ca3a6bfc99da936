package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.ClusterProblemException;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.StuckHandlerException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** How a loop starts, waits and ends, against a real broker. */
@ParameterizedClass
@EnumSource(Face.class)
class LifeCycleIT extends WithBroker {

  private static final Duration LONG = Duration.ofSeconds(60);

  private final List<Exception> errors = Collections.synchronizedList(new ArrayList<>());

  private static void ignoreInterrupts(CountDownLatch begun, CountDownLatch release) {
    begun.countDown();
    boolean done = false;
    while (!done) {
      try {
        release.await();
        done = true;
      } catch (InterruptedException e) { // as the worst of handlers does
      }
    }
  }

  @Test
  void handlerThatIgnoresItsInterruptKeepsNoOtherMemberFromItsPartition() throws Exception {
    var begun = new CountDownLatch(1);
    var release = new CountDownLatch(1);
    try {
      produceTo(0, "k", 0, 1);
      var loop =
          builder(
                  Map.of(
                      "session.timeout.ms",
                      45_000)) // so the partition moves in time only by a leave
              .onError(errors::add)
              .with(settings -> settings.closeTimeout(Duration.ofSeconds(3)))
              .handler(record -> ignoreInterrupts(begun, release))
              .build();
      var running = start(loop);
      assertThat(begun.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      loop.drain(Duration.ofSeconds(1)); // returns although the handler does not end
      assertThat(running.task().get()).isEqualTo("ended");
      assertThat(release.getCount()).isOne();
      if (face
          != Face.REACTOR) { // a publisher that was cancelled has ended: its thread is not ours
        assertThat(errors).anyMatch(StuckHandlerException.class::isInstance);
      }
      var other = start(builder(Map.of()).build());
      await().atMost(Duration.ofSeconds(40)).until(() -> handled.containsKey("value-0"));
      other.drain();
    } finally {
      release.countDown();
    }
  }

  /** The mock of Kafka's consumer does not match its pattern again when topics are created. */
  @Test
  void patternReadsTheTopicsThatMatchAndNoOthers() throws Exception {
    createTopic(topic + ".paid", 1);
    createTopic(topic + ".dead", 1);
    produce(List.of(new ProducerRecord<>(topic + ".dead", bytes("k"), bytes("dead"))));
    produce(List.of(new ProducerRecord<>(topic + ".paid", bytes("k"), bytes("paid"))));
    produce(0, 1);
    var running =
        start(
            builder(Map.of("metadata.max.age.ms", 500))
                .with(
                    settings ->
                        settings.topics(
                            Pattern.compile(Pattern.quote(topic) + ".*"),
                            Pattern.compile(".*\\.dead")))
                .build());
    await().atMost(LONG).until(() -> handled.keySet().containsAll(List.of("paid", "value-0")));
    createTopic(topic + ".late", 1);
    produce(List.of(new ProducerRecord<>(topic + ".late", bytes("k"), bytes("late"))));
    await().atMost(LONG).until(() -> handled.containsKey("late"));
    running.drain();
    assertThat(handled).doesNotContainKey("dead");
  }

  private static void awaitStuck(Loop loop, String... reasons) {
    await()
        .atMost(LONG)
        .untilAsserted(
            () -> {
              Health now = loop.health();
              assertThat(now.state()).isEqualTo(State.STUCK);
              assertThat(now.reason()).contains(reasons);
            });
  }

  @Test
  void topicThatDoesNotExistIsToldAndReadOnceItDoes() throws Exception {
    String missing = topic + ".missing";
    var loop =
        builder(Map.of("metadata.max.age.ms", 500, "allow.auto.create.topics", "false"))
            .topics(missing)
            .onError(errors::add)
            .stuckAfter(Duration.ofSeconds(4))
            .build();
    var running = start(loop);
    await()
        .atMost(LONG)
        .until(
            () ->
                errors.stream()
                    .anyMatch(
                        e ->
                            e instanceof ClusterProblemException
                                && String.valueOf(e.getMessage()).contains("'" + missing + "'")));
    awaitStuck(loop, missing, "does not exist");
    assertThat(loop.health().isStarted()).isFalse();
    assertThat(loop.status().recent()).anyMatch(event -> event.text().contains(missing));
    createTopic(missing, 1);
    produce(List.of(new ProducerRecord<>(missing, bytes("k"), bytes("at last"))));
    await().atMost(LONG).until(() -> handled.containsKey("at last"));
    await().atMost(LONG).until(() -> loop.health().isReady());
    running.drain();
  }

  @Test
  void recordsBehindATransactionThatHangsAreStuck() throws Exception {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", bootstrapServers());
    properties.put("transactional.id", "hangs-" + topic);
    properties.put("transaction.timeout.ms", 600_000);
    var loop =
        builder(Map.of("isolation.level", "read_committed"))
            .onError(errors::add)
            .stuckAfter(Duration.ofSeconds(2))
            .build();
    try (var hanging =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      hanging.initTransactions();
      var running = start(loop);
      produceTo(0, "k", 0, 1);
      await().atMost(LONG).until(() -> handled.containsKey("value-0"));
      hanging.beginTransaction();
      hanging.send(new ProducerRecord<>(topic, 0, bytes("k"), bytes("hidden"))).get();
      produceTo(0, "k", 1, 101);
      awaitStuck(loop, topic + "-0", "transaction is open");
      await()
          .atMost(LONG)
          .until(() -> errors.stream().anyMatch(ClusterProblemException.class::isInstance));
      hanging.commitTransaction();
      await().atMost(LONG).until(() -> handled.containsKey("value-100"));
      await().atMost(LONG).until(() -> loop.health().isReady());
      running.drain();
    }
  }

  @Test
  void headersOfRecordsAreBoundedByTheLookAhead() throws Exception {
    int each = 500_000;
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      var headers = new RecordHeaders().add("trace", new byte[each]);
      records.add(new ProducerRecord<>(topic, 0, bytes("k"), bytes("value-" + i), headers));
    }
    produce(records);
    var release = new CountDownLatch(1);
    Loop loop =
        builder(Map.of())
            .concurrency(1)
            .handler(
                record -> {
                  release.await();
                  count(record.value());
                })
            .build();
    var running = start(loop);
    await().atMost(LONG).until(() -> loop.partitions().stream().anyMatch(one -> one.paused()));
    long held = loop.partitions().stream().mapToLong(one -> one.waiting() + one.inFlight()).sum();
    assertThat(held * each)
        .isLessThan((8 << 20) + 3L * (1 << 20)); // the limit, and the records of one fetch
    release.countDown();
    await().atMost(LONG).until(() -> handled.size() == 60);
    running.drain();
  }
}
