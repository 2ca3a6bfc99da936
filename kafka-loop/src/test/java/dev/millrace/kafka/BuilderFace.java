package dev.millrace.kafka;

import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import reactor.core.publisher.Mono;

/** Builders of both faces of the loop, complete except for the handler. */
public enum BuilderFace {
  /** {@link KafkaLoop}. */
  CHANNELS {
    @Override
    LoopBuilder<String, String, ?> plain() {
      return KafkaLoop.<String, String>builder();
    }

    @Override
    void handler(LoopBuilder<String, String, ?> builder) {
      loop(builder).handler(record -> {});
    }

    @Override
    void batchHandler(LoopBuilder<String, String, ?> builder, int size) {
      loop(builder).batchHandler(size, Duration.ZERO, batch -> {});
    }

    @Override
    void transactionalHandler(LoopBuilder<String, String, ?> builder) {
      loop(builder)
          .transactionalHandler(
              new StringSerializer(), new StringSerializer(), (record, output) -> {});
    }

    @SuppressWarnings("unchecked") // plain() has made it
    private static KafkaLoop.Builder<String, String> loop(LoopBuilder<String, String, ?> builder) {
      return (KafkaLoop.Builder<String, String>) builder;
    }
  },
  /** {@link ReactorKafkaLoop}. */
  REACTOR {
    @Override
    LoopBuilder<String, String, ?> plain() {
      return ReactorKafkaLoop.<String, String>builder();
    }

    @Override
    void handler(LoopBuilder<String, String, ?> builder) {
      loop(builder).handler(record -> Mono.empty());
    }

    @Override
    void batchHandler(LoopBuilder<String, String, ?> builder, int size) {
      loop(builder).batchHandler(size, Duration.ZERO, batch -> Mono.empty());
    }

    @Override
    void transactionalHandler(LoopBuilder<String, String, ?> builder) {
      loop(builder)
          .transactionalHandler(
              new StringSerializer(), new StringSerializer(), record -> Mono.empty());
    }

    @SuppressWarnings("unchecked") // plain() has made it
    private static ReactorKafkaLoop.Builder<String, String> loop(
        LoopBuilder<String, String, ?> builder) {
      return (ReactorKafkaLoop.Builder<String, String>) builder;
    }
  };

  abstract LoopBuilder<String, String, ?> plain();

  /** Sets a handler that does nothing with its record. */
  abstract void handler(LoopBuilder<String, String, ?> builder);

  /** Sets a handler that does nothing with its batch. */
  abstract void batchHandler(LoopBuilder<String, String, ?> builder, int size);

  /** Sets a transactional handler that produces nothing. */
  abstract void transactionalHandler(LoopBuilder<String, String, ?> builder);

  /** A builder with all settings except a handler. */
  LoopBuilder<String, String, ?> builder() {
    LoopBuilder<String, String, ?> builder = plain();
    builder.properties(Map.of("bootstrap.servers", "localhost:1", "group.id", "test"));
    builder.deserializers(new StringDeserializer(), new StringDeserializer());
    builder.topics("orders");
    return builder;
  }
}
