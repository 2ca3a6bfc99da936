package dev.millrace.kafka.builder;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.HotKey;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopBreaker;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.LoopFigures;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.RateLimit;
import dev.millrace.kafka.Reading;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.RetryHeaders;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.internal.properties.Checks;
import dev.millrace.kafka.internal.properties.KafkaProperties;
import dev.millrace.kafka.internal.settings.DraftAccess;
import dev.millrace.kafka.internal.settings.LoopDraft;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * The settings of all loops, with their defaults. Not thread-safe. No method blocks.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 * @param <B> the type of the builder itself
 */
public abstract class LoopBuilder<K, V, B extends LoopBuilder<K, V, B>>
    extends ConsumerBuilder<K, V, B> {

  static {
    DraftAccess.openLoops(builder -> ((LoopBuilder<?, ?, ?>) builder).loop);
  }

  private final LoopDraft<K, V> loop = new LoopDraft<>(settings);

  /** For the faces of the loop. */
  protected LoopBuilder() {}

  /**
   * Builds the loop. It does nothing until {@link Loop#run} or the reactive form of it.
   *
   * @throws IllegalArgumentException if a setting is missing or unsafe
   */
  public abstract Loop build();

  /**
   * Makes the consumer from its properties; for tests without a broker, with Kafka's {@code
   * MockConsumer}. Called once, in the thread that runs the loop. The loop uses and closes the
   * consumer. Default: a {@code KafkaConsumer}.
   */
  public B consumer(
      Function<
              Map<String, Object>,
              ? extends org.apache.kafka.clients.consumer.Consumer<byte[], byte[]>>
          factory) {
    Objects.requireNonNull(factory, "consumer");
    settings.factory = factory::apply;
    return self();
  }

  /**
   * Starts with all partitions paused. The loop joins its group, but handles nothing until {@link
   * Loop#resume} or {@link Loop#resumeAll}. Default: no partition is paused.
   */
  public B startPaused() {
    loop.pauses.addAll();
    return self();
  }

  /** Starts with these partitions paused, until {@link Loop#resume} or {@link Loop#resumeAll}. */
  public B startPaused(Collection<TopicPartition> partitions) {
    loop.pauses.add(partitions);
    return self();
  }

  /**
   * How many handlers may run at the same time. Default: 1. {@link Loop#concurrency} changes it.
   *
   * @throws IllegalArgumentException if the number is below 1
   */
  public B concurrency(int handlers) {
    loop.concurrency = Checks.positive("concurrency", handlers);
    return self();
  }

  /**
   * The average rate at which handlers start, in records and in bytes per second; a retry counts
   * again. Default: {@link RateLimit#NONE}. A tenth of a second's records may start at once. The
   * limit delays neither polls nor the end of the loop. {@link Loop#rateLimit} changes it.
   *
   * <p>A record of any size is handed out when the limit allows one byte; the records behind it
   * then wait longer. {@link #build} refuses less than one record in {@link #stuckAfter}.
   */
  public B rateLimit(RateLimit limit) {
    loop.rateLimit = Objects.requireNonNull(limit, "rateLimit");
    return self();
  }

  /**
   * How many handlers each topic may use at the same time, so that no topic takes all of them.
   * Default: {@link #concurrency}. Handlers that wait for their next attempt do not count. {@link
   * #build} refuses this setting together with a batch handler.
   *
   * @throws IllegalArgumentException if the number is below 1
   */
  public B topicConcurrency(int handlers) {
    loop.topicConcurrency = Checks.positive("topicConcurrency", handlers);
    return self();
  }

  /** The same for one topic, instead of the number for all topics. */
  public B topicConcurrency(String topic, int handlers) {
    loop.topicConcurrencies.put(
        Checks.topicName("topicConcurrency(…)", topic),
        Checks.positive("topicConcurrency", handlers));
    return self();
  }

  /**
   * The topics whose records are handed out first, the highest one first; all other topics come
   * behind them. Default: all topics in turn. Running handlers are not interrupted.
   *
   * <p>No topic starves: of 10 records that are handed out, one is of the topics behind the highest
   * one that has records, in turn. Each choice looks at all partitions of the member. {@link
   * #build} refuses this setting together with a batch handler.
   *
   * @throws IllegalArgumentException if a name is not a legal topic name
   */
  public B topicPriority(String... topics) {
    loop.priorities =
        Stream.of(topics).map(name -> Checks.topicName("topicPriority(…)", name)).toList();
    return self();
  }

  /**
   * Sets the deserializers and the handlers for each topic, instead of {@link
   * ConsumerBuilder#deserializers} and a handler. The handlers may block: each call has a virtual
   * thread. Without {@link #topics}, the loop subscribes to the topics of the routes. The types of
   * the builder do not matter then.
   */
  public B routes(Routes routes) {
    loop.routed("routes(…)", routes.table);
    return self();
  }

  /**
   * Reads partitions without a group, instead of {@link #topics}: to replay, to follow the end of a
   * log, for tools. Needs no {@code group.id}. Nothing is committed, and no other member takes
   * over. {@link #build} refuses settings that need a group: {@link #topics}, {@link #startAt},
   * {@link #retryTopic}, and a transactional handler.
   */
  public B assign(Reading reading) {
    settings.reading = Objects.requireNonNull(reading, "reading");
    return self();
  }

  /**
   * Selects records that are settled without being deserialized or handled, for example by a
   * header. Default: none. They are counted as {@link LoopFigures#skipped}. The predicate gets the
   * record as it was sent, and must not change it.
   *
   * <p>The poll thread calls the predicate once for each polled record, so it must be fast, and
   * must not block. If it throws, that is logged, and the record is handled.
   */
  public B skipIf(Predicate<? super ConsumerRecord<byte[], byte[]>> rule) {
    loop.skipIf = Objects.requireNonNull(rule, "skipIf");
    return self();
  }

  /**
   * Counts the records of each key, and shows this number of keys in {@link LoopStatus#hottestKeys}
   * and on the page. Default: 0, no keys are counted. Costs about 80 bytes of garbage for each
   * record, and 10 counters for each key that is shown. The counts are a sketch: see {@link
   * HotKey#error}. The status then contains keys, as text.
   *
   * @throws IllegalArgumentException if the number is not between 1 and 1,000
   */
  public B hottestKeys(int number) {
    if (number < 1 || number > 1000) {
      throw new IllegalArgumentException(
          "the number of hottest keys must be between 1 and 1000, but is " + number);
    }
    loop.hottestKeys = number;
    return self();
  }

  /**
   * Pauses the loop while the system behind its handlers is down. Default: none. {@link Health}
   * reports {@link Health.State#SUSPENDED} while it is not closed, and each change is a {@link
   * LoopEvent.BreakerChanged}.
   */
  public B breaker(LoopBreaker breaker) {
    loop.breaker = Objects.requireNonNull(breaker, "breaker");
    return self();
  }

  /**
   * The number of attempts for a record, including the first one, and the delay between attempts.
   * Default: 1 attempt. Each failure goes to {@link #onError}. Records that wait for this record,
   * by the {@link #ordering}, keep waiting during the retries. Other records go on.
   *
   * @throws IllegalArgumentException if the number is below 1
   */
  public B retry(int attempts, Backoff backoff) {
    loop.attempts = Checks.positive("the number of attempts", attempts);
    loop.backoff = Objects.requireNonNull(backoff, "backoff");
    return self();
  }

  /** Retries a failed record without a limit. Default: 1 attempt. */
  public B retryForever(Backoff backoff) {
    return retry(Integer.MAX_VALUE, backoff);
  }

  /**
   * Selects the failures that are retried. Default for handlers: all failures. Default for
   * deserializers: only network failures, because other failures repeat with the same bytes.
   * Network failures are {@code IOException} itself, failures of sockets, timeouts, and Kafka's
   * {@code RetriableException}, anywhere in the chain of causes. An example is a schema registry
   * that does not answer. A predicate that throws stops the loop.
   */
  public B retryIf(Predicate<? super Throwable> retryable) {
    loop.retryable = Objects.requireNonNull(retryable, "retryable");
    return self();
  }

  /**
   * The place for a record that has no attempt left. Default: none, and the loop stops. {@link
   * #build} refuses this setting together with {@link #deadLetterTopic}.
   */
  public B deadLetters(DeadLetters letters) {
    loop.deadLetters = Objects.requireNonNull(letters, "deadLetters");
    return self();
  }

  /**
   * The topic to which a record is published when it has no attempt left, as by {@link
   * DeadLetters#toTopic}. Default: none. The loop makes the producer from the consumer's connection
   * settings, and closes it. With a {@link TransactionalHandler}, the letter is published in the
   * transaction that commits the offset of its record.
   *
   * <p>Letters are sent without waiting for each other, and do not count against {@link
   * #concurrency}. If the topic does not accept a letter, the letter is sent again, and no offset
   * beyond it is committed. So nothing is lost, and the loop goes on by itself. {@link
   * #refusedLetters} decides about letters that are never accepted.
   *
   * <p>{@code build()} refuses a topic that the loop itself consumes. A record that has been a dead
   * letter 16 times ({@link DeadLetterHeaders#HOPS}) is refused too: it goes round in a circle.
   */
  public B deadLetterTopic(String topic) {
    loop.deadLetterTopic = Checks.topicName("deadLetterTopic(…)", topic);
    return self();
  }

  /**
   * Keeps the messages of exceptions out of {@link #deadLetterTopic} and the {@link #retryTopic}s:
   * their headers carry an {@link dev.millrace.errors.ErrorCode} instead, which the log has beside
   * the message. The class of the exception stays visible. Default: the headers carry the messages.
   * For {@link #deadLetters} of your own, see {@link DeadLetter#hidingMessage}.
   */
  public B hideMessages() {
    loop.hidesMessages = true;
    return self();
  }

  /**
   * Adds a topic in which a failed record waits for its next attempts, away from its partition.
   * Default: none. Several calls give several topics. A record goes to the next topic each time
   * that it has no attempt of {@link #retry} left, and to the dead letters after the last topic.
   *
   * <pre>{@code
   * .retryTopic("orders.retry.1m", Duration.ofMinutes(1))
   * .retryTopic("orders.retry.10m", Duration.ofMinutes(10))
   * .deadLetterTopic("orders.dead")
   * }</pre>
   *
   * <p>The loop subscribes to its retry topics, and hands a record out when its delay has passed.
   * Until then the partition is paused. The topics must exist, and belong to one group alone:
   * another group would handle the records too. The handler gets the record with the retry topic as
   * its topic; {@link RetryHeaders} has its first topic, partition and offset.
   *
   * <p>The order of a key ends here: later records of the key go on while the failed record waits.
   * Use {@link #retry} alone to keep the order.
   *
   * <p>Records are sent as dead letters are, see {@link #deadLetterTopic}. So no record is lost if
   * the topic does not accept it, and a restart changes nothing. {@link #retryIf} selects the
   * failures; other failures become dead letters at once. A dead letter has the topic, the
   * partition and the offset of the first topic, and the attempts of all topics.
   *
   * <p>{@link #build} refuses retry topics without dead letters.
   *
   * @param delay the time from the failure to the next attempt; the attempt starts up to 0.1
   *     seconds later. The clocks of the members should agree; a record never waits longer than
   *     this delay after it was polled
   * @throws IllegalArgumentException if the name is illegal or was given before, or the delay is
   *     not positive
   */
  public B retryTopic(String topic, Duration delay) {
    loop.retryTopics = loop.retryTopics.with(topic, delay);
    return self();
  }

  /**
   * The delay before a letter is sent again that the dead letters did not accept. Default: 1
   * second, doubled each time up to 30 seconds, ±20 %.
   */
  public B deadLetterBackoff(Backoff backoff) {
    loop.deadLetterBackoff = Objects.requireNonNull(backoff, "backoff");
    return self();
  }

  /**
   * Decides about a dead letter that can never be accepted, for example because it is too large.
   * Default: {@link RefusedLetters#keep}: no offset beyond it is committed until a person solves
   * the problem.
   */
  public B refusedLetters(RefusedLetters policy) {
    loop.refusedLetters = Objects.requireNonNull(policy, "refusedLetters");
    return self();
  }

  /**
   * Kafka's own settings for the producer that the loop makes. Default: none. The connection
   * settings are the consumer's. With a {@link TransactionalHandler}, or its reactive form, this is
   * the producer of the transactions. Otherwise it is the producer of {@link #deadLetterTopic}.
   *
   * <p>For transactions, the default of {@code transactional.id} is the group and a random part. If
   * you set it, no two processes may use the same value. The default of {@code
   * transaction.timeout.ms} is 10,000. For dead letters, the default of {@code max.request.size} is
   * 32 MiB, so that only the limit of the topic applies.
   */
  public B producerProperties(Map<String, ?> properties) {
    loop.producerProperties = KafkaProperties.copy(properties);
    return self();
  }

  /**
   * Like {@link #producerProperties(Map)}; includes the defaults of the {@code Properties} object.
   */
  public B producerProperties(Properties properties) {
    loop.producerProperties = KafkaProperties.copy(properties);
    return self();
  }

  /**
   * Receives failures that the loop survives. The listener must not block. An exception that it
   * throws is logged. Default: one line at warn for each failure, with the stack trace of the first
   * of its kind.
   */
  public B onError(Consumer<? super Exception> listener) {
    loop.onError = Objects.requireNonNull(listener, "onError");
    return self();
  }

  /**
   * Receives the result of each rebalance. The listener must not block. An exception that it throws
   * is logged. Default: one line at info.
   */
  public B onNotification(Consumer<? super Notification> listener) {
    loop.onNotification = Objects.requireNonNull(listener, "onNotification");
    return self();
  }

  /**
   * How long handlers may still run when the loop stops by itself. Default: 10 seconds. {@link
   * Loop#drain} has a timeout of its own.
   *
   * @throws IllegalArgumentException if the timeout is not positive
   */
  public B drainTimeout(Duration timeout) {
    loop.drainTimeout = Checks.positive("the drain timeout", timeout);
    return self();
  }
}
