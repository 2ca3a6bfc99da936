package dev.millrace.kafka.reactor;

import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.LoopCostPromises;
import java.time.Duration;
import reactor.core.publisher.Mono;

class ReactorLoopCostTest extends LoopCostPromises {

  @Override
  protected LoopBuilder<String, String, ?> loop(Duration work, Runnable action) {
    return ReactorKafkaLoop.<String, String>builder()
        .handler(
            record -> {
              Mono<Void> end = Mono.fromRunnable(action);
              return work.isZero() ? end : Mono.delay(work).then(end);
            });
  }
}
