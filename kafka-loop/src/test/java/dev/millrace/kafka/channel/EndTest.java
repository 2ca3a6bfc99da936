package dev.millrace.kafka.channel;

import dev.millrace.kafka.Loop;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;

class EndTest extends EndPromises {

  @Override
  protected LoopBuilder<String, String, ?> loop(RecordHandler<String, String> handler) {
    return builder().handler(handler);
  }

  @Override
  protected void seek(Loop loop, long offset) throws InterruptedException {
    ((KafkaLoop<?, ?>) loop).seek(P0, offset);
  }
}
