package dev.millrace.kafka.reactor;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.RetryTopicPromises;

/** The same with publishers. Each has a thread of its own, which may block. */
class ReactorRetryTopicTest extends RetryTopicPromises {

  @Override
  protected LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors)
        .handler(record -> Publishers.of(() -> handler.handle(record)));
  }
}
