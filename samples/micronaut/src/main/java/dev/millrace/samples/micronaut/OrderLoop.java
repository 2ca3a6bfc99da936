package dev.millrace.samples.micronaut;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.micrometer.LoopMeters;
import io.micrometer.core.instrument.MeterRegistry;
import io.micronaut.runtime.event.annotation.EventListener;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Consumes orders from the start of the server until the application ends. Thread-safe. */
@Singleton
class OrderLoop {

  private static final Logger LOG = LoggerFactory.getLogger(OrderLoop.class);

  private final Loop loop;
  private final Duration drainTimeout;

  OrderLoop(OrdersSettings settings, Totals totals, MeterRegistry registry) {
    drainTimeout = settings.drainTimeout();
    loop =
        KafkaLoop.<String, String>builder()
            .properties(settings.kafka())
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics(settings.topic())
            .ordering(Ordering.KEY)
            .concurrency(settings.concurrency())
            .retryIf(failure -> !(failure instanceof NumberFormatException))
            .retry(3, Backoff.fixed(Duration.ofMillis(100)))
            .deadLetterTopic(settings.deadLetterTopic())
            .observer(new LoopMeters(registry))
            .handler(order -> totals.add(order.key(), Long.parseLong(order.value())))
            .build();
  }

  // doc:begin
  @EventListener
  void start(ServerStartupEvent event) {
    Thread.ofPlatform().name("order-loop").start(this::run);
  }

  private void run() {
    try {
      loop.run(Context.background());
    } catch (ExecutionException e) {
      LOG.error("the loop has stopped, and its health is DOWN", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets running handlers finish, commits, and leaves the group. */
  @PreDestroy
  void stop() throws InterruptedException {
    loop.drain(drainTimeout);
  }

  // doc:end

  Health health() {
    return loop.health();
  }
}
