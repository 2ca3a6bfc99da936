package dev.millrace.kafka.channel;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;

class DeserializerTest extends DeserializerPromises {

  @Override
  protected LoopBuilder<String, String, ?> loop(RecordHandler<String, String> handler) {
    return builder().handler(handler);
  }
}
