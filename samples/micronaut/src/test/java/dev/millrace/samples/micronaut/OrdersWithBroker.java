package dev.millrace.samples.micronaut;

import dev.millrace.testkit.LocalBroker;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** The application with a broker of its own, and some orders. */
public final class OrdersWithBroker {

  private OrdersWithBroker() {}

  /** Runs until SIGTERM. */
  public static void main(String[] args) throws Exception {
    var broker = LocalBroker.start();
    broker.createTopic("orders", 3);
    broker.createTopic("orders.dead", 1);
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      for (int i = 0; i < 1_000; i++) {
        producer.send(new ProducerRecord<>("orders", "customer-" + i % 10, "1"));
      }
    }
    System.setProperty("orders.kafka.bootstrap.servers", broker.bootstrapServers());
    OrdersApplication.main(args);
  }
}
