package dev.millrace.kafka.channel;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;

class RetryTopicTest extends RetryTopicPromises {

  @Override
  protected LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler) {
    return builder().handler(handler);
  }
}
