package dev.millrace.samples.readme;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.channel.KafkaLoop;
import java.time.Duration;
import java.util.Map;

/** A loop whose failed records wait in topics of their own. */
public final class RetryTopicsExample {

  private RetryTopicsExample() {}

  /** A loop that tries a record at once, after a minute, and after ten minutes. */
  public static KafkaLoop<String, String> loop(
      Map<String, Object> kafka, RecordHandler<String, String> handler) {
    // doc:begin
    var loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka)
            .topics("orders")
            .retry(3, Backoff.fixed(Duration.ofMillis(200))) // in place, in each topic
            .retryTopic("orders.retry.1m", Duration.ofMinutes(1))
            .retryTopic("orders.retry.10m", Duration.ofMinutes(10))
            .deadLetterTopic("orders.dead")
            .handler(handler)
            .build();
    // doc:end
    return loop;
  }
}
