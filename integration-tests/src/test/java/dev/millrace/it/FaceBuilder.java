package dev.millrace.it;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The builder of a loop, for any face. */
final class FaceBuilder {

  /** The faces. Each has its own poll thread, and its own handler threads. */
  enum Face {
    /** Our own thread; a virtual thread for each record. */
    CHANNEL,
    /** Reactor Kafka's receiver; a virtual thread for each record. */
    REACTOR_BLOCKING,
    /** Reactor Kafka's receiver; publishers. */
    REACTOR;

    FaceBuilder builder() {
      return new FaceBuilder(this);
    }
  }

  private final Face face;
  private final KafkaLoop.Builder<String, String> channel = KafkaLoop.builder();
  private final ReactorKafkaLoop.Builder<String, String> reactor = ReactorKafkaLoop.builder();
  private final LoopBuilder<String, String, ?> settings;

  /** Sets the handler; a builder of loops refuses a second one. */
  private Runnable handling = () -> {};

  private FaceBuilder(Face face) {
    this.face = face;
    this.settings = face == Face.CHANNEL ? channel : reactor;
  }

  /** The handler of a record; may block, on every face. The last call counts. */
  FaceBuilder handler(RecordHandler<String, String> given) {
    handling =
        () -> {
          switch (face) {
            case CHANNEL -> channel.handler(given);
            case REACTOR_BLOCKING -> reactor.blockingHandler(given);
            case REACTOR -> reactor.handler(Publishers.of(given));
          }
        };
    return this;
  }

  /** The handler of a batch; may block, on every face. */
  FaceBuilder batchHandler(int size, Duration linger, BatchHandler<String, String> given) {
    handling =
        () -> {
          switch (face) {
            case CHANNEL -> channel.batchHandler(size, linger, given);
            case REACTOR_BLOCKING -> reactor.blockingBatchHandler(size, linger, given);
            case REACTOR -> reactor.batchHandler(size, linger, Publishers.ofBatches(given));
          }
        };
    return this;
  }

  /** The transactional handler of a record; may block, on every face. */
  FaceBuilder transactionalHandler(TransactionalHandler<String, String, String, String> given) {
    var key = new StringSerializer();
    var value = new StringSerializer();
    handling =
        () -> {
          switch (face) {
            case CHANNEL -> channel.transactionalHandler(key, value, given);
            case REACTOR_BLOCKING -> reactor.blockingTransactionalHandler(key, value, given);
            case REACTOR -> reactor.transactionalHandler(key, value, Publishers.ofOutputs(given));
          }
        };
    return this;
  }

  Loop build() {
    handling.run();
    handling = () -> {};
    return settings.build();
  }

  /** Any other settings. */
  FaceBuilder with(Consumer<? super LoopBuilder<String, String, ?>> more) {
    more.accept(settings);
    return this;
  }

  FaceBuilder producerProperties(Map<String, ?> properties) {
    settings.producerProperties(properties);
    return this;
  }

  FaceBuilder concurrency(int handlers) {
    settings.concurrency(handlers);
    return this;
  }

  FaceBuilder ordering(Ordering ordering) {
    settings.ordering(ordering);
    return this;
  }

  FaceBuilder buffer(int records) {
    settings.buffer(records);
    return this;
  }

  FaceBuilder lookAhead(int records) {
    settings.lookAhead(records);
    return this;
  }

  FaceBuilder commitInterval(Duration interval) {
    settings.commitInterval(interval);
    return this;
  }

  FaceBuilder commitEvery(int records) {
    settings.commitEvery(records);
    return this;
  }

  FaceBuilder metadataLimit(int characters) {
    settings.metadataLimit(characters);
    return this;
  }

  FaceBuilder revokeTimeout(Duration timeout) {
    settings.revokeTimeout(timeout);
    return this;
  }

  FaceBuilder retry(int attempts, Backoff backoff) {
    settings.retry(attempts, backoff);
    return this;
  }

  FaceBuilder retryForever(Backoff backoff) {
    settings.retryForever(backoff);
    return this;
  }

  FaceBuilder deadLetters(DeadLetters letters) {
    settings.deadLetters(letters);
    return this;
  }

  FaceBuilder deadLetterTopic(String name) {
    settings.deadLetterTopic(name);
    return this;
  }

  FaceBuilder deadLetterBackoff(Backoff backoff) {
    settings.deadLetterBackoff(backoff);
    return this;
  }

  FaceBuilder onError(Consumer<? super Exception> listener) {
    settings.onError(listener);
    return this;
  }

  FaceBuilder onNotification(Consumer<? super Notification> listener) {
    settings.onNotification(listener);
    return this;
  }

  FaceBuilder observer(ConsumerObserver observer) {
    settings.observer(observer);
    return this;
  }

  FaceBuilder properties(Map<String, ?> properties) {
    settings.properties(properties);
    return this;
  }

  FaceBuilder topics(String name) {
    settings.topics(name);
    return this;
  }

  FaceBuilder drainTimeout(Duration timeout) {
    settings.drainTimeout(timeout);
    return this;
  }

  FaceBuilder stuckAfter(Duration time) {
    settings.stuckAfter(time);
    return this;
  }
}
