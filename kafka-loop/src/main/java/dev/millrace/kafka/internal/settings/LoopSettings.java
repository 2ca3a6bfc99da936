package dev.millrace.kafka.internal.settings;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.internal.serde.Serialization;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/**
 * How a loop handles records, read-only; a {@link LoopDraft} makes it. The methods of the builders
 * say what the settings mean. Thread-safe.
 */
public final class LoopSettings {

  /** How many handlers may run at the same time. */
  public final int concurrency;

  /** How many handlers may run, in which order, and how fast they start. */
  public final Tuning tuning;

  /** How long handlers may still run at the end. */
  public final Duration drainTimeout;

  /** The number of attempts for a record. */
  public final int attempts;

  /** The delay between attempts. */
  public final Backoff backoff;

  /** Selects the failures that are retried. */
  public final Predicate<? super Throwable> retryable;

  /** The place for a record without attempts left; null for none. */
  public final @Nullable DeadLetters deadLetters;

  /** The topic for dead letters that the loop publishes itself; null for none. */
  public final @Nullable String deadLetterTopic;

  /** Whether letters to topics of the loop carry error codes in place of messages. */
  public final boolean hidesMessages;

  /** The retry topics, for a record without attempts left. */
  public final RetryTopics retryTopics;

  /** Decides about a letter that can never be accepted. */
  public final RefusedLetters refusedLetters;

  /** The delay before a letter is sent again. */
  public final Backoff deadLetterBackoff;

  /** The serializers for outputs of handlers in transactions; null without transactions. */
  public final @Nullable Serialization<?, ?> outputs;

  /** Kafka's own properties of the producer that the loop makes. */
  public final Map<String, ?> producerProperties;

  /** Creates the producer of transactions, or of dead letters and retries. */
  public final Function<Map<String, Object>, Producer<byte[], byte[]>> producerFactory;

  /** Receives failures that the loop survives. */
  public final Consumer<? super Exception> onError;

  /** Receives the results of rebalances. */
  public final Consumer<? super Notification> onNotification;

  /** Copies the present settings of the draft. */
  LoopSettings(LoopDraft<?, ?> draft) {
    this.concurrency = draft.concurrency;
    this.tuning = Tuning.of(draft);
    this.drainTimeout = draft.drainTimeout;
    this.attempts = draft.attempts;
    this.backoff = draft.backoff;
    this.retryable = draft.retryable;
    this.deadLetters = draft.deadLetters;
    this.deadLetterTopic = draft.deadLetterTopic;
    this.hidesMessages = draft.hidesMessages;
    this.retryTopics = draft.retryTopics;
    this.refusedLetters = draft.refusedLetters;
    this.deadLetterBackoff = draft.deadLetterBackoff;
    this.outputs = draft.outputs;
    this.producerProperties = draft.producerProperties;
    this.producerFactory = draft.producerFactory;
    this.onError = draft.onError;
    this.onNotification = draft.onNotification;
  }

  /**
   * Checks settings that can only be checked as a whole.
   *
   * @throws IllegalArgumentException if settings do not fit together
   */
  void check(ConsumerSettings<?, ?> consumer) {
    tuning.check(consumer);
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

  /** The settings of the producer of transactions; null without transactions. */
  @Nullable TransactionSettings transactions(ConsumerSettings<?, ?> consumer) {
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
   * The rules for a record that fails.
   *
   * @param producer the producer of dead letters, if the loop {@link #producesLetters}
   */
  public FailurePolicy policy(@Nullable OwnProducer producer) {
    return new FailurePolicy(
        attempts, backoff, retryable, retries(producer), refusedLetters, deadLetterBackoff);
  }

  /** The place for records that could not be handled: retry topics first; null to stop the loop. */
  private @Nullable Burial retries(@Nullable OwnProducer producer) {
    Burial last = burial(producer);
    return last == null || retryTopics.isEmpty()
        ? last
        : new RetryBurial(
            retryTopics,
            retryable,
            hidesMessages,
            last,
            producer == null ? null : producer.producer());
  }

  /** The place for records that have no attempt left; null to stop the loop. */
  public @Nullable Burial burial(@Nullable OwnProducer producer) {
    Burial last = deadLetterBurial(producer);
    return last == null || retryTopics.isEmpty() ? last : Burial.ofOrigins(last);
  }

  private @Nullable Burial deadLetterBurial(@Nullable OwnProducer producer) {
    String topic = deadLetterTopic;
    if (topic == null) {
      return deadLetters == null ? null : Burial.of(deadLetters);
    }
    Burial toTopic =
        outputs != null // then the letter is part of a transaction
            ? Burial.inTransaction(topic)
            : Burial.of(DeadLetters.toTopic(Objects.requireNonNull(producer).producer(), topic));
    return hidesMessages ? Burial.hidingMessages(toTopic) : toTopic;
  }
}
