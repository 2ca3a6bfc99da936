package dev.millrace.samples.readme;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.channel.KafkaLoop;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/** A consumer app. */
public final class LoopExample {

  private LoopExample() {}

  /** Consumes until the context is cancelled. */
  public static void consume(
      Context context, Map<String, Object> kafka, RecordHandler<String, String> save)
      throws InterruptedException, ExecutionException {
    // doc:begin
    var loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka) // bootstrap.servers, group.id, deserializers
            .topics("orders")
            .concurrency(64)
            .ordering(Ordering.KEY) // the records of a key run one after the other
            .retry(5, Backoff.exponential(Duration.ofMillis(100), Duration.ofSeconds(10)))
            .deadLetterTopic("orders.dead")
            .handler(record -> save.handle(record)) // in virtual threads; may block
            .onError(error -> System.err.println("goes on after " + error))
            .onNotification(change -> System.out.println("partitions: " + change.current()))
            .build();
    loop.run(context); // an offset is committed when all before it are handled
    // doc:end
  }
}
