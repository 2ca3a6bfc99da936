package dev.millrace.samples.readme;

import dev.millrace.kafka.KafkaSink;
import dev.millrace.kafka.channel.KafkaSource;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.StageFunction;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/** A pipeline from Kafka to Kafka. */
public final class SinkExample {

  private SinkExample() {}

  /** A pipeline that looks up the prices of orders, and sends them to a topic. */
  public static Pipeline<Long> pipeline(
      KafkaSource<String, String> orders,
      Map<String, Object> producer,
      StageFunction<ConsumerRecord<String, String>, String> price) {
    // doc:begin
    KafkaSink<ProducerRecord<String, String>> prices =
        KafkaSink.<String, String>builder()
            .properties(producer) // bootstrap.servers, serializers
            .build();
    Pipeline<Long> job =
        orders
            .pipe("orders")
            .mapParallel(
                "price",
                64,
                order -> new ProducerRecord<>("prices", order.key(), price.apply(order)))
            .to(prices); // an order is settled when the broker has acknowledged its price
    // doc:end
    return job;
  }
}
