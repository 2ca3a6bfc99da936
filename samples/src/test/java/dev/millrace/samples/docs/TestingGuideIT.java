package dev.millrace.samples.docs;

import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.LocalCluster;
import dev.millrace.testkit.Partitions;
import dev.millrace.testkit.TestKafka;
import dev.millrace.testkit.TestTopic;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The snippets of the guide to testing. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TestingGuideIT {

  @Nested
  // doc:begin
  @KafkaTest
  class OrdersIT {

    private final Set<String> saved = ConcurrentHashMap.newKeySet();

    @Test
    void everyOrderIsSaved(
        TestKafka kafka, @Partitions(3) TestTopic orders, Producer<String, String> producer)
        throws Exception {
      var loop =
          KafkaLoop.<String, String>builder()
              .properties(
                  Map.of("bootstrap.servers", kafka.bootstrapServers(), "group.id", orders.name()))
              .deserializers(new StringDeserializer(), new StringDeserializer())
              .topics(orders.name())
              .handler(order -> saved.add(order.value()))
              .build();
      var running = Thread.ofVirtual().start(() -> run(loop));
      producer.send(new ProducerRecord<>(orders.name(), "customer", "order 1")).get();
      producer.send(new ProducerRecord<>(orders.name(), "customer", "order 2")).get();
      await().atMost(Duration.ofSeconds(30)).until(() -> saved.size() == 2);
      loop.drain(Duration.ofSeconds(5));
      running.join();
    }
  }

  // doc:end

  /** The part of the application. */
  private static void run(KafkaLoop<String, String> loop) {
    try {
      loop.run(Context.background());
    } catch (Exception e) {
      throw new IllegalStateException("the loop has stopped", e);
    }
  }

  @Test
  void killedBrokerLosesNothing() throws Exception {
    // doc:begin
    try (var cluster = LocalCluster.start(3)) {
      cluster.createTopic("orders", 1); // three replicas, two of them in sync
      Map<String, Object> properties = Map.of("bootstrap.servers", cluster.bootstrapServers());
      try (var producer =
          new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
        producer.send(new ProducerRecord<>("orders", "order 1")).get();
        cluster.broker(0).kill(); // SIGKILL; stop() and suspend() are the gentler ones
        producer.send(new ProducerRecord<>("orders", "order 2")).get();
        cluster.broker(0).restart();
      }
    }
    // doc:end
  }
}
