package dev.millrace.kafka.reactor;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.MockConsumer;
import reactor.core.publisher.Mono;

/** Loops on Reactor for tests of other packages. */
public final class ReactorLoops {

  private ReactorLoops() {}

  /** A loop that counts the records that it handles. */
  public static LoopBuilder<String, String, ?> counting(
      MockConsumer<byte[], byte[]> mock, List<Exception> errors, AtomicInteger handled) {
    return WithMockReceiver.reactive(mock, errors)
        .handler(record -> Mono.fromRunnable(handled::incrementAndGet));
  }

  /** A loop with a handler that blocks. */
  public static LoopBuilder<String, String, ?> blocking(
      MockConsumer<byte[], byte[]> mock,
      List<Exception> errors,
      RecordHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors).blockingHandler(handler);
  }
}
