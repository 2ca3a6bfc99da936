package dev.millrace.kafka.share;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** A loop over a share group, its consumer without a broker, and what its handlers have seen. */
@Timeout(60)
abstract class WithShareLoop {

  static final Duration LONG = Duration.ofSeconds(10);

  final QueueConsumer consumer = new QueueConsumer();
  final Queue<Exception> errors = new ConcurrentLinkedQueue<>();
  final Queue<String> handled = new ConcurrentLinkedQueue<>();
  final CancellableContext context = Context.background().withCancel();
  final CountDownLatch open = new CountDownLatch(1);
  final AtomicInteger inHandlers = new AtomicInteger();

  @AfterEach
  final void letGo() {
    open.countDown();
    context.close();
  }

  ShareLoop.Builder<String, String> builder() {
    return ShareLoop.<String, String>builder()
        .properties(Map.of("bootstrap.servers", "localhost:1", "group.id", "test"))
        .deserializers(new StringDeserializer(), new StringDeserializer())
        .topics(QueueConsumer.TOPIC)
        .factory(properties -> consumer)
        .closeTimeout(Duration.ofSeconds(2))
        .onError(errors::add);
  }

  void handle(ConsumerRecord<String, String> record) {
    handled.add(record.value());
  }

  /** Waits in the handler until the test lets go. */
  void handleSlowly(ConsumerRecord<String, String> record) throws InterruptedException {
    inHandlers.incrementAndGet();
    handle(record);
    open.await();
  }

  Future<?> start(ShareLoop<?, ?> loop) {
    var task =
        new FutureTask<>(
            () -> {
              loop.run(context);
              return "ended";
            });
    Thread.ofPlatform().daemon().start(task);
    return task;
  }

  static void throwsAlways(ConsumerRecord<String, String> record) {
    throw new IllegalStateException("it fails");
  }
}
