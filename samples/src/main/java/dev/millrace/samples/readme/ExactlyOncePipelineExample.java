package dev.millrace.samples.readme;

import dev.millrace.context.Context;
import dev.millrace.kafka.channel.KafkaSource;
import dev.millrace.kafka.channel.TransactionalSink;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.StageFunction;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** An exactly-once pipeline from Kafka to Kafka. */
public final class ExactlyOncePipelineExample {

  private ExactlyOncePipelineExample() {}

  /** Looks up the prices of orders, and produces them in the transactions of the orders. */
  public static Run<Long> start(
      Map<String, Object> kafka,
      StageFunction<ConsumerRecord<String, String>, String> price,
      Engine engine,
      Context context) {
    // doc:begin
    KafkaSource<String, String> orders =
        KafkaSource.<String, String>builder()
            .properties(kafka) // bootstrap.servers, group.id, deserializers
            .topics("orders")
            .transactional()
            .deadLetterTopic("orders.dead")
            .build();
    TransactionalSink<String> prices =
        orders.sink(
            "prices",
            text -> new ProducerRecord<String, String>("prices", text),
            new StringSerializer(),
            new StringSerializer());
    Pipeline<Long> job =
        orders
            .pipe("orders")
            .mapParallel("price", 64, price)
            .batch("batch", 500, Duration.ofSeconds(1))
            .map("join", batch -> String.join("\n", batch))
            .to(prices); // a batch is in the transaction that commits all its orders
    Run<Long> run = job.start(engine, context, orders.toDeadLetters());
    // doc:end
    return run;
  }
}
