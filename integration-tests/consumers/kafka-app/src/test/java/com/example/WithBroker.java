package com.example;

import dev.millrace.testkit.LocalBroker;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** The app with a broker of its own, and some orders; each hundredth has no amount. */
public final class WithBroker {
  private WithBroker() {}

  public static void main(String[] args) throws Exception {
    var broker = LocalBroker.start();
    broker.createTopic("orders", 3);
    broker.createTopic("orders.dead", 1);
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      for (int i = 1; i <= 1_000; i++) {
        String amount = i % 100 == 0 ? "many" : "12";
        producer.send(new ProducerRecord<>("orders", "customer-" + i % 10, amount));
      }
    }
    System.out.println("broker: " + broker.bootstrapServers());
    OrderApp.main(new String[] {broker.bootstrapServers()});
  }
}
