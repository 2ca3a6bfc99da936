package dev.millrace.samples.readme;

import dev.millrace.context.Context;
import dev.millrace.kafka.channel.KafkaSource;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageFunction;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** A pipeline over Kafka. */
public final class SourceExample {

  private SourceExample() {}

  /** Starts a pipeline that looks up the prices of orders, and stores them. */
  public static Run<Long> start(
      Engine engine,
      Context context,
      Map<String, Object> kafka,
      StageFunction<ConsumerRecord<String, String>, String> price,
      StageConsumer<List<String>> store) {
    // doc:begin
    KafkaSource<String, String> orders =
        KafkaSource.<String, String>builder()
            .properties(kafka) // bootstrap.servers, group.id, deserializers
            .topics("orders")
            .build();
    Pipeline<Long> job =
        orders
            .pipe("orders")
            .filter("paid", order -> order.value().startsWith("paid"))
            .mapParallel("price", 64, price) // none waits for another to be committed
            .batch("batch", 500, Duration.ofSeconds(1))
            .to(Sink.forEach(store)); // when it returns, the orders of the batch are settled
    Run<Long> run = job.start(engine, context); // run.drain(…) commits what is under way
    // doc:end
    return run;
  }
}
