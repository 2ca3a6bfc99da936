package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Ordering;
import dev.millrace.testkit.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The committed offsets, and a restart from them. */
@ParameterizedClass
@EnumSource(Face.class)
class OffsetsIT extends WithBroker {

  private final List<Exception> errors = Collections.synchronizedList(new ArrayList<>());

  @ParameterizedTest
  @ValueSource(strings = {"classic", "consumer"})
  void restartDoesNotRepeatWhatWasSettledBeyondTheCommit(String protocol) throws Exception {
    produceTo(0, null, 0, 3_000);
    var never = new CountDownLatch(1);
    var first =
        start(
            builder(Map.of("group.protocol", protocol))
                .ordering(Ordering.UNORDERED)
                .handler(
                    record -> {
                      if (record.offset() % 1000 == 500) {
                        never.await();
                      }
                      count(record.value());
                    })
                .build());
    await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() == 2_997);
    await().until(() -> committed(0) == 500);
    first.drain(Duration.ofMillis(100)); // the three handlers are interrupted
    assertThat(committed(0)).isEqualTo(500);
    assertThat(Objects.requireNonNull(commits().get(partition(0))).metadata().length())
        .isBetween(1, 100);
    var second = start(builder(Map.of("group.protocol", protocol)).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> committed(0) == 3_000);
    second.drain();
    assertThat(handled).hasSize(3_000);
    assertThat(repeated()).isZero();
  }

  /** confluentinc/parallel-consumer#647: four kilobytes of metadata stop the consumption. */
  @Test
  void metadataAtItsLimitSlowsDownAndNeverFails() throws Exception {
    produceTo(0, null, 0, 20_000);
    var gate = new CountDownLatch(1);
    var running =
        start(
            builder(Map.of("max.poll.records", 50))
                .ordering(Ordering.UNORDERED)
                .concurrency(10_000)
                .buffer(50)
                .lookAhead(100_000)
                .commitEvery(10)
                .metadataLimit(60)
                .handler(
                    record -> {
                      if (record.offset() % 3 == 0) {
                        gate.await();
                      }
                      count(record.value());
                    })
                .onError(errors::add)
                .build());
    await()
        .during(Duration.ofMillis(500))
        .atMost(Duration.ofSeconds(20))
        .until(() -> running.loop().health().state() == State.SLOW);
    assertThat(handled.size()).isLessThan(10_000);
    gate.countDown();
    await().atMost(Duration.ofSeconds(30)).until(() -> committed(0) == 20_000);
    running.drain();
    assertThat(errors).isEmpty();
    assertThat(repeated()).isZero();
  }

  /** Aborted records and the marks of transactions leave gaps, the last offset among them. */
  @Test
  void topicWithTransactionsIsCommittedToItsEnd() throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of(
                "bootstrap.servers", bootstrapServers(), "transactional.id", topic),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.initTransactions();
      for (int i = 0; i < 60; i++) {
        producer.beginTransaction();
        for (int j = 0; j < 10; j++) {
          producer.send(new ProducerRecord<>(topic, 0, null, bytes("value-" + (10 * i + j)))).get();
        }
        if (i % 3 == 2) {
          producer.abortTransaction();
        } else {
          producer.commitTransaction();
        }
      }
    }
    var running = start(builder(Map.of("isolation.level", "read_committed")).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() == 400);
    await().until(() -> committed(0) == 660);
    running.drain();
  }

  @Test
  void compactedTopicIsCommittedToItsEnd() throws Exception {
    topic = "compacted-" + topic;
    var compacted =
        new NewTopic(topic, 1, (short) 1)
            .configs(
                Map.of(
                    "cleanup.policy", "compact",
                    "segment.ms", "100",
                    "min.cleanable.dirty.ratio", "0.01"));
    Topics.create(admin(), List.of(compacted));
    for (int i = 0; i < 3; i++) {
      produceTo(0, "same", 200 * i, 200 * i + 200);
    }
    var running = start(builder(Map.of()).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> committed(0) == 600);
    running.drain();
  }

  @Test
  void retentionThatPassedTheCommitIsSaidLoudly() throws Exception {
    produceTo(0, null, 0, 100);
    var first = start(builder(Map.of()).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> committed(0) == 100);
    first.drain();
    produceTo(0, null, 100, 300);
    admin().deleteRecords(Map.of(partition(0), RecordsToDelete.beforeOffset(250))).all().get();
    var second = start(builder(Map.of()).onError(errors::add).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> committed(0) == 300);
    second.drain();
    assertThat(errors).hasSize(1);
    assertThat(errors.getFirst())
        .hasMessageContaining(topic + "-0")
        .hasMessageContaining("150 offsets between were deleted");
    assertThat(handled).hasSize(150);
  }

  @Test
  void outOfRangeStopsTheLoopIfThatIsThePolicy() throws Exception {
    produceTo(0, null, 0, 100);
    var first = start(builder(Map.of()).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> committed(0) == 100);
    first.drain();
    produceTo(0, null, 100, 300);
    admin().deleteRecords(Map.of(partition(0), RecordsToDelete.beforeOffset(250))).all().get();
    var second = start(builder(Map.of("auto.offset.reset", "none")).build());
    assertThatThrownBy(() -> second.task().get(30, TimeUnit.SECONDS))
        .cause()
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(OffsetOutOfRangeException.class);
    assertThat(committed(0)).isEqualTo(100);
  }
}
