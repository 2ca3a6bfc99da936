package dev.millrace.kafka;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.internal.serde.Serialization;
import dev.millrace.kafka.internal.settings.Batching;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.KafkaProperties;
import dev.millrace.kafka.internal.settings.LoopSettings;
import dev.millrace.kafka.internal.settings.Pauses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The settings that all loops have, with defaults; not safe for use by many threads.
 *
 * @param <B> the builder itself
 */
public abstract class LoopBuilder<K, V, B extends LoopBuilder<K, V, B>>
    extends ConsumerBuilder<K, V, B> {

  private final LoopSettings loop = new LoopSettings();
  private final Pauses pauses = new Pauses();
  private final List<String> handlers = new ArrayList<>();

  /** For the faces of the loop. */
  protected LoopBuilder() {}

  /** What was set so far; for the faces of the loop. */
  protected final LoopSettings loop() {
    return loop;
  }

  /**
   * How records are handled; for the faces of the loop. A second call is refused when the loop is
   * built.
   *
   * @param setting the method that the application has called, such as {@code handler(…)}
   * @param batching not null if they are handled in batches
   * @param outputs not null if what is made of them is produced in transactions
   */
  protected final void handled(
      String setting, @Nullable Batching batching, @Nullable Serialization<?, ?> outputs) {
    handlers.add(setting);
    settings().batching = batching;
    loop.outputs = outputs;
  }

  /** The settings of the consumer, which are complete; for the faces of the loop. */
  protected final ConsumerSettings<K, V> checked() {
    if (handlers.size() > 1) {
      throw new IllegalArgumentException(
          "a loop has one handler, but these were set: %s; remove all but one"
              .formatted(String.join(", ", handlers)));
    }
    if (loop.deadLetters != null && loop.deadLetterTopic != null) {
      throw new IllegalArgumentException(
          "deadLetters(…) and deadLetterTopic(…) were both set: remove one of them");
    }
    KafkaProperties.check(loop.producerProperties, ProducerConfig.configDef());
    loop.check(settings());
    settings().transactions = loop.transactions(settings());
    ConsumerSettings<K, V> checked = settings().checked();
    checked.pauses = pauses.copy(); // another loop of this builder has its own
    return checked;
  }

  /**
   * The loop, which does nothing yet.
   *
   * @throws IllegalArgumentException if a setting is missing or unsafe
   */
  public abstract Loop build();

  /**
   * To start with all partitions paused: the loop joins its group, and handles nothing until {@link
   * Loop#resume} or {@link Loop#resumeAll}.
   */
  public B startPaused() {
    pauses.addAll();
    return self();
  }

  /** To start with these partitions paused, until {@link Loop#resume} or {@link Loop#resumeAll}. */
  public B startPaused(Collection<TopicPartition> partitions) {
    pauses.add(partitions);
    return self();
  }

  /** How many handlers may run at the same time; 1. */
  public B concurrency(int handlers) {
    loop.concurrency = ConsumerSettings.positive("concurrency", handlers);
    return self();
  }

  /**
   * How often to try a record that fails, the first attempt included, and how long to wait between
   * attempts. Default: once. Each failure goes to {@link #onError}. Records wait for it by their
   * {@link #ordering}; others go on.
   */
  public B retry(int attempts, Backoff backoff) {
    loop.attempts = ConsumerSettings.positive("the number of attempts", attempts);
    loop.backoff = Objects.requireNonNull(backoff, "backoff");
    return self();
  }

  /** To try a record that fails again and again until it does not. */
  public B retryForever(Backoff backoff) {
    return retry(Integer.MAX_VALUE, backoff);
  }

  /**
   * Which failures are worth another attempt. Default: all failures of handlers; of deserializers
   * only network failures, such as those of a registry of schemas ({@code IOException} itself,
   * sockets, timeouts, Kafka's {@code RetriableException}, anywhere among the causes), as the same
   * bytes fail again. A predicate that throws stops the loop.
   */
  public B retryIf(Predicate<? super Throwable> retryable) {
    loop.retryable = Objects.requireNonNull(retryable, "retryable");
    return self();
  }

  /**
   * Where a record goes when no attempt is left. Default: none, and the loop stops. With {@link
   * #deadLetterTopic} as well, the loop is refused when it is built.
   */
  public B deadLetters(DeadLetters letters) {
    loop.deadLetters = Objects.requireNonNull(letters, "deadLetters");
    return self();
  }

  /**
   * To publish a record when no attempt is left, as {@link DeadLetters#toTopic} does. The loop
   * makes the producer, with the consumer's own properties for the connection, and closes it. With
   * a {@link TransactionalHandler} it is published in the transaction that commits its offset.
   *
   * <p>Letters are sent without waiting for one another, and hold no handler's place. While the
   * topic does not take a letter, it is offered again, and nothing beyond it is committed: nothing
   * is lost, and the loop goes on by itself. {@link #refusedLetters} is about those that are never
   * taken. {@code build()} refuses a topic that the loop consumes. A letter that has been a dead
   * letter 16 times ({@link DeadLetterHeaders#HOPS}) is refused, too: it goes round in a circle.
   */
  public B deadLetterTopic(String topic) {
    loop.deadLetterTopic = ConsumerSettings.topicName("deadLetterTopic(…)", topic);
    return self();
  }

  /**
   * How long to wait before a record is offered again to dead letters that could not take it: one
   * second, and twice as long each time up to 30, ±20 %.
   */
  public B deadLetterBackoff(Backoff backoff) {
    loop.deadLetterBackoff = Objects.requireNonNull(backoff, "backoff");
    return self();
  }

  /**
   * What becomes of a dead letter that can never be taken, such as one that is too large. Default:
   * {@link RefusedLetters#keep}, with which nothing is committed beyond it until people see to it.
   */
  public B refusedLetters(RefusedLetters policy) {
    loop.refusedLetters = Objects.requireNonNull(policy, "refusedLetters");
    return self();
  }

  /**
   * Kafka's own settings of the producer that the loop makes, beyond the connection, which is the
   * consumer's: of transactions with a {@link TransactionalHandler} or the reactive form of one,
   * else of the dead letters of {@link #deadLetterTopic}.
   *
   * <p>For transactions, {@code transactional.id} is the group and a random part if it is not
   * given; if it is, no two processes may have the same. {@code transaction.timeout.ms} is 10,000
   * if it is not given. For dead letters, {@code max.request.size} is 32 MiB if it is not given, so
   * that the topic's limit is the one that counts.
   */
  public B producerProperties(Map<String, ?> properties) {
    loop.producerProperties = KafkaProperties.copy(properties);
    return self();
  }

  /** As {@link #producerProperties(Map)}; the defaults of the properties count too. */
  public B producerProperties(Properties properties) {
    loop.producerProperties = KafkaProperties.copy(properties);
    return self();
  }

  /**
   * Gets what went wrong and is survived. Must not block; what it throws is logged. Default: one
   * line at warn for each failure, with the stack trace of the first of its kind.
   */
  public B onError(Consumer<? super Exception> listener) {
    loop.onError = Objects.requireNonNull(listener, "onError");
    return self();
  }

  /**
   * Gets what rebalances change. Must not block; what it throws is logged. Default: a line at info.
   */
  public B onNotification(Consumer<? super Notification> listener) {
    loop.onNotification = Objects.requireNonNull(listener, "onNotification");
    return self();
  }

  /** How long handlers may still run when the loop stops by itself; ten seconds. */
  public B drainTimeout(Duration timeout) {
    loop.drainTimeout = ConsumerSettings.positive("the drain timeout", timeout);
    return self();
  }
}
