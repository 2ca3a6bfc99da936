package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

/**
 * What Kafka's own share consumer does, without this library: see docs/share-groups.md. A broker
 * that behaves otherwise makes this test fail, and the page wrong.
 */
class ShareLostAnswersIT {

  private static final String TOPIC = "jobs";
  private static final int RECORDS = 10;

  /** Kafka's default. */
  private static final int LIMIT = 5;

  @Test
  void recordsOfLostAnswersAreDroppedAtTheLimitOfTheGroupAndNobodyHasSeenThem() throws Exception {
    try (Brokers brokers = Brokers.start(1)) {
      brokers.createTopic(TOPIC, 1, Map.of());
      fromTheStart(brokers, "plain");
      produce(brokers, RECORDS, "lost");
      brokers.loseAnswers("plain", Request.SHARE_FETCH);
      List<String> seen = new ArrayList<>();
      try (var consumer =
          new KafkaShareConsumer<>(
              Map.<String, Object>of(
                  "bootstrap.servers",
                  brokers.bootstrapServers(),
                  "group.id",
                  "plain",
                  "client.id",
                  "plain"),
              new StringDeserializer(),
              new StringDeserializer())) {
        consumer.subscribe(List.of(TOPIC));
        await()
            .pollInSameThread()
            .atMost(Duration.ofMinutes(3))
            .until(
                () -> {
                  consumer.poll(Duration.ofMillis(100)).forEach(one -> seen.add(one.value()));
                  return brokers.lostDeliveries(TOPIC, LIMIT).size() == RECORDS;
                });
        brokers.heal("plain");
        produce(brokers, 1, "later");
        await()
            .pollInSameThread()
            .atMost(Duration.ofMinutes(3))
            .until(
                () -> {
                  consumer.poll(Duration.ofMillis(100)).forEach(one -> seen.add(one.value()));
                  return seen.contains("later");
                });
      }
      assertThat(seen).containsExactly("later");
    }
  }

  private static void fromTheStart(Brokers brokers, String group) throws Exception {
    brokers
        .admin()
        .incrementalAlterConfigs(
            Map.of(
                new ConfigResource(ConfigResource.Type.GROUP, group),
                List.of(
                    new AlterConfigOp(
                        new ConfigEntry("share.auto.offset.reset", "earliest"),
                        AlterConfigOp.OpType.SET))))
        .all()
        .get();
  }

  private static void produce(Brokers brokers, int records, String value) throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", brokers.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      for (int i = 0; i < records; i++) {
        producer.send(new ProducerRecord<>(TOPIC, value)).get();
      }
    }
  }
}
