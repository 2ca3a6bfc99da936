package dev.millrace.kafka.reactor;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.RecordFailurePromises;

class ReactorBlockingRecordFailureTest extends RecordFailurePromises {

  @Override
  protected LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors).blockingHandler(handler);
  }
}
