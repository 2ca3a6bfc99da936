package dev.millrace.kafka.internal.commit;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Asks whether a producer can send to a topic, and does not wait long for the answer. For one
 * thread at a time.
 */
/*
 * A send to a topic that does not exist waits for max.block.ms. In a transaction, all partitions
 * would wait with it, perhaps for longer than the broker lets a transaction stay open. So a
 * separate thread waits here. It ends after max.block.ms, or when the producer is closed.
 */
final class TopicCheck {

  /** A reachable broker answers within milliseconds. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Producer<?, ?> producer;
  private final Map<String, FutureTask<?>> asked = new HashMap<>();

  TopicCheck(Producer<?, ?> producer) {
    this.producer = producer;
  }

  /** The reason why the topic accepts no records now; null if no problem is known. */
  @Nullable Exception problem(String topic) {
    FutureTask<?> question = asked.get(topic);
    long patience = 0;
    if (question == null || question.isDone()) {
      question = ask(topic);
      patience = PATIENCE.toNanos();
    }
    try {
      Time.get(question, patience);
      return null;
    } catch (java.util.concurrent.TimeoutException e) {
      return new TimeoutException(
          "no broker has told yet where the topic '%s' is: it must exist".formatted(topic));
    } catch (ExecutionException e) {
      return e.getCause() instanceof Exception cause ? cause : e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    }
  }

  private FutureTask<?> ask(String topic) {
    var question = new FutureTask<>(() -> producer.partitionsFor(topic));
    Thread.ofVirtual().name("millrace-topic-" + topic).start(question);
    asked.put(topic, question);
    return question;
  }
}
