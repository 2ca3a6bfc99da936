package dev.millrace.kafka.reactor;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.DeserializerPromises;
import java.time.Duration;
import org.apache.kafka.clients.consumer.ConsumerRecord;

class ReactorDeserializerOfBatchesTest extends DeserializerPromises {

  @Override
  protected LoopBuilder<String, String, ?> loop(RecordHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors)
        .batchHandler(
            5,
            Duration.ofMillis(5),
            batch ->
                Publishers.of(
                    () -> {
                      for (ConsumerRecord<String, String> record : batch) {
                        handler.handle(record);
                      }
                    }));
  }
}
