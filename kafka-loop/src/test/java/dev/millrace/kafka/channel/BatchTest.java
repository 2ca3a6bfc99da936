package dev.millrace.kafka.channel;

import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import java.time.Duration;

class BatchTest extends BatchPromises {

  @Override
  protected LoopBuilder<String, String, ?> batches(
      int size, Duration linger, BatchHandler<String, String> handler) {
    return builder().batchHandler(size, linger, handler);
  }
}
