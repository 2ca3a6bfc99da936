package dev.millrace.kafka.internal.settings;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.internal.report.FailureLog;
import dev.millrace.kafka.internal.report.Logs;
import dev.millrace.kafka.internal.serde.Serialization;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a loop handles records. Builders write the fields; {@link #copy} makes one that nobody writes
 * to any more. What they mean is said at the builders.
 */
public final class LoopSettings implements Cloneable {

  private static final Logger LOG = LoggerFactory.getLogger(Logs.LOOP);

  /** How many handlers may run at the same time. */
  public int concurrency = 1;

  /** How long handlers may still run at the end. */
  public Duration drainTimeout = Duration.ofSeconds(10);

  /** How often to try a record. */
  public int attempts = 1;

  /** How long to wait between attempts. */
  public Backoff backoff = Backoff.none();

  /** Which failures are worth another attempt. */
  public Predicate<? super Throwable> retryable = Retryable::byDefault;

  /** Where a record goes when no attempt is left. */
  public @Nullable DeadLetters deadLetters;

  /** The topic for those, if the loop is to publish them itself. */
  public @Nullable String deadLetterTopic;

  /** Where a record goes before that, to be tried again later. */
  public RetryTopics retryTopics = RetryTopics.NONE;

  /** What becomes of a letter that can never be taken. */
  public RefusedLetters refusedLetters = RefusedLetters.keep();

  /** How long to wait when the dead letters fail. */
  public Backoff deadLetterBackoff =
      Backoff.exponential(Duration.ofSeconds(1), Duration.ofSeconds(30)).withJitter(0.2);

  /** What handlers produce, in transactions of the loop; null if they do not. */
  public @Nullable Serialization<?, ?> outputs;

  /** Kafka's own properties of the producer that the loop makes. */
  public Map<String, ?> producerProperties = Map.of();

  /** Makes the producer of transactions. */
  public Function<Map<String, Object>, Producer<byte[], byte[]>> producerFactory =
      KafkaProducer::new;

  /** Gets what is survived. */
  public Consumer<? super Exception> onError = new FailureLog()::survived;

  /** Gets what rebalances change. */
  public Consumer<? super Notification> onNotification = n -> LOG.info("{}", n);

  /** The same, apart from this one. */
  public LoopSettings copy() {
    try {
      return (LoopSettings) clone();
    } catch (CloneNotSupportedException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Checks what can only be checked as a whole.
   *
   * @throws IllegalArgumentException if settings do not fit together
   */
  public void check(ConsumerSettings<?, ?> consumer) {
    String topic = deadLetterTopic;
    if (topic != null && consumer.consumes(topic)) {
      throw new IllegalArgumentException(
          "deadLetterTopic(\"%s\") is one of the topics that the loop consumes, %s: each letter would fail again, without an end. Give another topic"
              .formatted(topic, consumer.subscription()));
    }
    retryTopics.check(consumer, topic != null || deadLetters != null, topic);
    if (producesLetters()) {
      OwnProducer.ofLetters(consumer.properties(), producerProperties);
    }
  }

  /** Whether the loop needs a producer for its dead letters, or its retry topics. */
  public boolean producesLetters() {
    return (deadLetterTopic != null || !retryTopics.isEmpty()) && outputs == null;
  }

  /** The producer of what the loop produces in transactions; null if it does not. */
  public @Nullable TransactionSettings transactions(ConsumerSettings<?, ?> consumer) {
    Serialization<?, ?> serialization = outputs;
    if (serialization != null) {
      return TransactionSettings.of(
          consumer,
          producerProperties,
          serialization.both(),
          producerFactory,
          burial(null),
          refusedLetters,
          deadLetterBackoff);
    }
    if (!producerProperties.isEmpty() && !producesLetters()) {
      throw new IllegalArgumentException(
          "producerProperties(…) are of the producer of a transactionalHandler(…) or a"
              + " deadLetterTopic(…), and there is neither");
    }
    return null;
  }

  /**
   * What becomes of a record that fails.
   *
   * @param producer of the dead letters, if the loop {@link #producesLetters} them
   */
  public FailurePolicy policy(@Nullable OwnProducer producer) {
    return new FailurePolicy(
        attempts, backoff, retryable, retries(producer), refusedLetters, deadLetterBackoff);
  }

  /** Where records go that could not be handled: retry topics first; null to stop the loop. */
  private @Nullable Burial retries(@Nullable OwnProducer producer) {
    Burial last = burial(producer);
    return last == null || retryTopics.isEmpty()
        ? last
        : new RetryBurial(
            retryTopics, retryable, last, producer == null ? null : producer.producer());
  }

  /** Where records go for which no attempt is left; null to stop the loop. */
  public @Nullable Burial burial(@Nullable OwnProducer producer) {
    Burial last = deadLetterBurial(producer);
    return last == null || retryTopics.isEmpty() ? last : Burial.ofOrigins(last);
  }

  private @Nullable Burial deadLetterBurial(@Nullable OwnProducer producer) {
    String topic = deadLetterTopic;
    if (topic == null) {
      return deadLetters == null ? null : Burial.of(deadLetters);
    }
    return outputs != null // then it is part of a transaction
        ? Burial.inTransaction(topic)
        : Burial.of(DeadLetters.toTopic(Objects.requireNonNull(producer).producer(), topic));
  }
}
