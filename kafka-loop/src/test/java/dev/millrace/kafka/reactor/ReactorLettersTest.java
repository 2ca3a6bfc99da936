package dev.millrace.kafka.reactor;

import dev.millrace.kafka.LoopBuilder;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.channel.LetterPromises;

/** With publishers, each in a thread of its own, which may block. */
class ReactorLettersTest extends LetterPromises {

  @Override
  protected LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors)
        .handler(record -> Publishers.of(() -> handler.handle(record)));
  }
}
