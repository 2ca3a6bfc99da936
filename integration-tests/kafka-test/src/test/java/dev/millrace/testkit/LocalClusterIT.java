package dev.millrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LocalClusterIT {

  private static LocalCluster cluster;
  private static Admin admin;
  private static KafkaProducer<String, String> producer;

  @BeforeAll
  static void startCluster() throws Exception {
    cluster = LocalCluster.start(3);
    admin = cluster.admin();
    producer =
        new KafkaProducer<>(
            Map.<String, Object>of(
                "bootstrap.servers", cluster.bootstrapServers(), "request.timeout.ms", 5_000),
            new StringSerializer(),
            new StringSerializer());
  }

  @AfterAll
  static void stopCluster() {
    producer.close();
    admin.close();
    cluster.close();
  }

  private static TopicPartitionInfo partition(String topic) throws Exception {
    var descriptions = admin.describeTopics(List.of(topic)).allTopicNames().get();
    return Objects.requireNonNull(descriptions.get(topic)).partitions().getFirst();
  }

  private static void send(String topic, int from, int to) throws Exception {
    for (int i = from; i < to; i++) {
      assertThat(producer.send(new ProducerRecord<>(topic, "value-" + i)).get().offset())
          .isEqualTo(i);
    }
  }

  private static LocalBroker leaderOf(String topic) throws Exception {
    return cluster.broker(partition(topic).leader().id() - 1);
  }

  @Test
  void killedLeaderIsReplacedAndComesBackInSync() throws Exception {
    cluster.createTopic("killed", 1);
    assertThat(partition("killed").replicas()).hasSize(3);
    send("killed", 0, 10);
    LocalBroker leader = leaderOf("killed");
    leader.kill();
    assertThat(leader.isRunning()).isFalse();
    send("killed", 10, 20);
    assertThat(partition("killed").isr()).hasSize(2);
    leader.restart();
    await().atMost(Duration.ofSeconds(60)).until(() -> partition("killed").isr().size() == 3);
    send("killed", 20, 30);
  }

  @Test
  void stoppedLeaderHandsOverAndAllComeBack() throws Exception {
    cluster.createTopic("stopped", 1);
    send("stopped", 0, 10);
    leaderOf("stopped").stop();
    send("stopped", 10, 20);
    leaderOf("stopped").kill(); // no majority is left
    cluster.restart();
    await().atMost(Duration.ofSeconds(60)).until(() -> partition("stopped").isr().size() == 3);
    send("stopped", 20, 30);
  }

  @Test
  void suspendedLeaderIsReplacedAndGoesOn() throws Exception {
    cluster.createTopic("suspended", 1);
    send("suspended", 0, 10);
    LocalBroker leader = leaderOf("suspended");
    leader.suspend();
    send("suspended", 10, 20);
    leader.resume();
    await().atMost(Duration.ofSeconds(60)).until(() -> partition("suspended").isr().size() == 3);
    send("suspended", 20, 30);
  }

  @Test
  void runningBrokerIsNotStartedTwice() {
    assertThatThrownBy(() -> cluster.broker(0).restart())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the broker runs");
    assertThatThrownBy(() -> LocalCluster.start(0)).hasMessageContaining("1 to 9 brokers");
  }
}
