package dev.millrace.kafka.reactor;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.TuningPromises;

/** The same with publishers. Each has a thread of its own, which may block. */
class ReactorTuningTest extends TuningPromises {

  @Override
  protected LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors)
        .handler(record -> Publishers.of(() -> handler.handle(record)));
  }
}
