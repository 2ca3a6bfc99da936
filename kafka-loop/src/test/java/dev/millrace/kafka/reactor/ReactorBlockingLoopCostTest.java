package dev.millrace.kafka.reactor;

import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.LoopCostPromises;
import java.time.Duration;

class ReactorBlockingLoopCostTest extends LoopCostPromises {

  @Override
  protected LoopBuilder<String, String, ?> loop(Duration work, Runnable action) {
    return ReactorKafkaLoop.<String, String>builder()
        .blockingHandler(
            record -> {
              if (!work.isZero()) {
                Thread.sleep(work);
              }
              action.run();
            });
  }
}
