package dev.millrace.kafka.reactor;

import dev.millrace.kafka.Loop;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.EndPromises;

class ReactorBlockingEndTest extends EndPromises {

  @Override
  protected LoopBuilder<String, String, ?> loop(RecordHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors).blockingHandler(handler);
  }

  @Override
  protected void seek(Loop loop, long offset) {
    ((ReactorKafkaLoop<?, ?>) loop).seek(P0, offset).block();
  }
}
