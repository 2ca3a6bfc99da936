package dev.millrace.kafka.channel;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.StringSerializer;

class ForeignExceptionTest extends ForeignExceptionPromises {

  @Override
  protected LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler) {
    return builder().handler(handler);
  }

  @Override
  protected LoopBuilder<String, String, ?> transactional(
      TransactionalHandler<String, String, String, String> handler,
      Function<Map<String, Object>, Producer<byte[], byte[]>> producers) {
    return builder()
        .transactionalHandler(new StringSerializer(), new StringSerializer(), handler)
        .producerFactory(producers);
  }
}
