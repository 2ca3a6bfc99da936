package dev.millrace.kafka.reactor;

import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.BatchPromises;
import java.time.Duration;

/** Functions that return publishers. */
class ReactorBatchTest extends BatchPromises {

  @Override
  protected LoopBuilder<String, String, ?> batches(
      int size, Duration linger, BatchHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors)
        .batchHandler(size, linger, records -> Publishers.of(() -> handler.handle(records)));
  }
}
