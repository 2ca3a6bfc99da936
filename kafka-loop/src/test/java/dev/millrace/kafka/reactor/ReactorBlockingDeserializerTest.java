package dev.millrace.kafka.reactor;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.DeserializerPromises;

class ReactorBlockingDeserializerTest extends DeserializerPromises {

  @Override
  protected LoopBuilder<String, String, ?> loop(RecordHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors).blockingHandler(handler);
  }
}
