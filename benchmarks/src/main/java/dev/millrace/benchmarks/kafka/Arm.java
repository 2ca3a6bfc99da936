package dev.millrace.benchmarks.kafka;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** One way to consume a topic. */
interface Arm extends AutoCloseable {

  /** The limit of records in flight, for arms that have such a limit. */
  int IN_FLIGHT = 10_000;

  /** The work for a record; the same for all arms. */
  @FunctionalInterface
  interface Work {
    void handle(ConsumerRecord<String, byte[]> record) throws InterruptedException;
  }

  /**
   * The consumed topic.
   *
   * @param group has committed nothing yet
   * @param more properties of the consumer
   */
  record Job(
      String bootstrapServers, String topic, String group, Map<String, Object> more, Work work) {

    /**
     * The common settings of all arms; the other settings are the defaults of Kafka or the peer.
     */
    Map<String, Object> properties() {
      Map<String, Object> properties = new HashMap<>(more);
      properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
      properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
      properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
      properties.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);
      properties.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
      return properties;
    }
  }

  /** Starts to consume; does not block. */
  void start(Job job);

  /** Stops. Its duration is not measured. */
  @Override
  void close();
}
