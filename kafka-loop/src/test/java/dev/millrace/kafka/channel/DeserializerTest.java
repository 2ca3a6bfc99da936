package dev.millrace.kafka.channel;

import dev.millrace.kafka.LoopBuilder;
import dev.millrace.kafka.RecordHandler;

class DeserializerTest extends DeserializerPromises {

  @Override
  protected LoopBuilder<String, String, ?> loop(RecordHandler<String, String> handler) {
    return builder().handler(handler);
  }
}
