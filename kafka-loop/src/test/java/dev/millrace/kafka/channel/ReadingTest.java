package dev.millrace.kafka.channel;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import java.time.Duration;

class ReadingTest extends ReadingPromises {

  @Override
  protected LoopBuilder<String, String, ?> reading(RecordHandler<String, String> handler) {
    return KafkaLoop.<String, String>builder()
        .properties(withoutGroup())
        .commitInterval(Duration.ofMillis(10))
        .onError(errors::add)
        .factory(properties -> mock)
        .handler(handler);
  }
}
