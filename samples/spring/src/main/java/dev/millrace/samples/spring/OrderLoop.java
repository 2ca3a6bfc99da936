package dev.millrace.samples.spring;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.micrometer.LoopMeters;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Consumes orders while the application runs. Spring starts it after all other beans, the web
 * server included, and stops it before them. Thread-safe.
 */
@Component
class OrderLoop implements SmartLifecycle {

  private static final Logger LOG = LoggerFactory.getLogger(OrderLoop.class);

  private final OrdersProperties settings;
  private final Totals totals;
  private final LoopMeters meters;
  private volatile Loop loop;
  private volatile boolean started;

  OrderLoop(OrdersProperties settings, Totals totals, MeterRegistry registry) {
    this.settings = settings;
    this.totals = totals;
    this.meters = new LoopMeters(registry);
    this.loop = build();
  }

  private Loop build() {
    return KafkaLoop.<String, String>builder()
        .properties(settings.kafka())
        .deserializers(new StringDeserializer(), new StringDeserializer())
        .topics(settings.topic())
        .ordering(Ordering.KEY)
        .concurrency(settings.concurrency())
        .retryIf(failure -> !(failure instanceof NumberFormatException))
        .retry(3, Backoff.fixed(Duration.ofMillis(100)))
        .deadLetterTopic(settings.deadLetterTopic())
        .observer(meters)
        .handler(order -> totals.add(order.key(), Long.parseLong(order.value())))
        .build();
  }

  // doc:begin
  @Override
  public void start() {
    if (started) {
      loop = build(); // a loop runs once
    }
    started = true;
    Loop next = loop;
    Thread.ofPlatform().name("order-loop").start(() -> run(next));
  }

  // doc:end

  private static void run(Loop loop) {
    try {
      loop.run(Context.background());
    } catch (ExecutionException e) {
      LOG.error("the loop has stopped, and its health is DOWN", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // doc:begin
  /** Lets running handlers finish, commits, and leaves the group. */
  @Override
  public void stop() {
    try {
      loop.drain(settings.drainTimeout());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // doc:end

  @Override
  public boolean isRunning() {
    return started && health().state() != Health.State.STOPPED;
  }

  Health health() {
    return loop.health();
  }
}
