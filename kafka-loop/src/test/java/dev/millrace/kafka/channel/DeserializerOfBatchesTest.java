package dev.millrace.kafka.channel;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import java.time.Duration;
import org.apache.kafka.clients.consumer.ConsumerRecord;

class DeserializerOfBatchesTest extends DeserializerPromises {

  @Override
  protected LoopBuilder<String, String, ?> loop(RecordHandler<String, String> handler) {
    return builder()
        .batchHandler(
            5,
            Duration.ofMillis(5),
            batch -> {
              for (ConsumerRecord<String, String> record : batch) {
                handler.handle(record);
              }
            });
  }

  @Override
  protected void assertThatTheThreadIsTold() {} // the feeder logs it
}
