package dev.millrace.samples.readme;

import dev.millrace.context.Context;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.KafkaLoop;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** An app that makes records of records, exactly once. */
public final class ExactlyOnceExample {

  private ExactlyOnceExample() {}

  /** Consumes and produces until the context is cancelled. */
  public static void transform(
      Context context, Map<String, Object> kafka, UnaryOperator<String> invoice)
      throws InterruptedException, ExecutionException {
    // doc:begin
    var loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka)
            .topics("orders")
            .ordering(Ordering.KEY)
            .concurrency(64)
            .transactionalHandler(
                new StringSerializer(),
                new StringSerializer(),
                (order, output) ->
                    output.send(
                        new ProducerRecord<>(
                            "invoices", order.key(), invoice.apply(order.value()))))
            .commitInterval(Duration.ofMillis(100)) // a transaction; readers wait for it
            .deadLetterTopic("orders.dead") // in the same transactions
            .build();
    loop.run(context);
    // doc:end
  }
}
