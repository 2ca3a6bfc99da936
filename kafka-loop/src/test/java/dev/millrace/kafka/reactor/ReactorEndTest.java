package dev.millrace.kafka.reactor;

import dev.millrace.kafka.Loop;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.EndPromises;
import reactor.core.publisher.Mono;

/** The function that returns the publishers blocks, in the thread of the loop. */
class ReactorEndTest extends EndPromises {

  @Override
  protected LoopBuilder<String, String, ?> loop(RecordHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors)
        .handler(
            record -> {
              try {
                handler.handle(record);
                return Mono.empty();
              } catch (Exception e) {
                return Mono.error(e);
              }
            });
  }

  @Override
  protected boolean blocksInSeveralThreads() {
    return false;
  }

  @Override
  protected void seek(Loop loop, long offset) {
    ((ReactorKafkaLoop<?, ?>) loop).seek(P0, offset).block();
  }
}
