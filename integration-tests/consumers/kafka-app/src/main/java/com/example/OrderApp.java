package com.example;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.KafkaLoop;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Sums the amounts of orders; an order without an amount goes to the dead letters. */
public final class OrderApp {
  private final Totals totals = new Totals();
  private final KafkaLoop<String, String> loop;

  public OrderApp(String brokers, String topic) {
    loop =
        KafkaLoop.<String, String>builder()
            .properties(
                Map.of(
                    "bootstrap.servers", brokers,
                    "group.id", "totals",
                    "auto.offset.reset", "earliest"))
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics(topic)
            .ordering(Ordering.KEY)
            .retryIf(failure -> !(failure instanceof NumberFormatException))
            .retry(3, Backoff.fixed(Duration.ofMillis(100)))
            .deadLetterTopic(topic + ".dead")
            .handler(order -> totals.add(order.key(), Long.parseLong(order.value())))
            .build();
  }

  public Totals totals() {
    return totals;
  }

  public void run(Context context) throws Exception {
    loop.run(context);
  }

  public void stop() throws Exception {
    loop.drain(Duration.ofSeconds(10));
  }
}
