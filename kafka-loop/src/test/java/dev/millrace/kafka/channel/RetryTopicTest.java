package dev.millrace.kafka.channel;

import dev.millrace.kafka.LoopBuilder;
import dev.millrace.kafka.RecordHandler;

class RetryTopicTest extends RetryTopicPromises {

  @Override
  protected LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler) {
    return builder().handler(handler);
  }
}
