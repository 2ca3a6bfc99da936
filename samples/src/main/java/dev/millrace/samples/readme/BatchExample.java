package dev.millrace.samples.readme;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.KafkaLoop;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/** A consumer app that writes many records at once. */
public final class BatchExample {

  private BatchExample() {}

  /** Consumes until the context is cancelled. */
  public static void consume(
      Context context, Map<String, Object> kafka, BatchHandler<String, String> insert)
      throws InterruptedException, ExecutionException {
    // doc:begin
    var loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka)
            .topics("orders")
            .ordering(Ordering.KEY) // a key is in one batch at a time, its records in order
            .concurrency(8) // batches
            .batchHandler(500, Duration.ofMillis(20), records -> insert.handle(records))
            .retry(5, Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(10)))
            .deadLetterTopic("orders.dead") // gets the bad record, and not its neighbours
            .build();
    loop.run(context);
    // doc:end
  }
}
