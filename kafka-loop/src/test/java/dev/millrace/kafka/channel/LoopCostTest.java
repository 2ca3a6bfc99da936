package dev.millrace.kafka.channel;

import dev.millrace.kafka.builder.LoopBuilder;
import java.time.Duration;

class LoopCostTest extends LoopCostPromises {

  @Override
  protected LoopBuilder<String, String, ?> loop(Duration work, Runnable action) {
    return KafkaLoop.<String, String>builder()
        .handler(
            record -> {
              if (!work.isZero()) {
                Thread.sleep(work);
              }
              action.run();
            });
  }
}
