package dev.millrace.kafka.reactor;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.ForeignExceptionPromises;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.StringSerializer;

class ReactorForeignExceptionTest extends ForeignExceptionPromises {

  @Override
  protected LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors)
        .handler(record -> Publishers.of(() -> handler.handle(record)));
  }

  @Override
  protected LoopBuilder<String, String, ?> transactional(
      TransactionalHandler<String, String, String, String> handler,
      Function<Map<String, Object>, Producer<byte[], byte[]>> producers) {
    return WithMockReceiver.reactive(mock, errors)
        .transactionalHandler(
            new StringSerializer(), new StringSerializer(), Publishers.of(handler))
        .producerFactory(producers);
  }
}
