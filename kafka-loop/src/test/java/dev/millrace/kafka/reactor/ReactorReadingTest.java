package dev.millrace.kafka.reactor;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.ReadingPromises;
import java.time.Duration;

/** The same with publishers. */
class ReactorReadingTest extends ReadingPromises {

  @Override
  protected LoopBuilder<String, String, ?> reading(RecordHandler<String, String> handler) {
    return ReactorKafkaLoop.<String, String>builder()
        .properties(withoutGroup())
        .commitInterval(Duration.ofMillis(10))
        .onError(errors::add)
        .factory(properties -> mock)
        .handler(record -> Publishers.of(() -> handler.handle(record)));
  }
}
