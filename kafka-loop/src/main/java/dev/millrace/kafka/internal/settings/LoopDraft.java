package dev.millrace.kafka.internal.settings;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.LoopBreaker;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.RateLimit;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.internal.properties.KafkaProperties;
import dev.millrace.kafka.internal.report.FailureLog;
import dev.millrace.kafka.internal.report.HotKeys;
import dev.millrace.kafka.internal.serde.RouteTable;
import dev.millrace.kafka.internal.serde.Serialization;
import dev.millrace.kafka.internal.text.Logs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings of a loop while its builder collects them. Only builders write the fields; {@link
 * LoopSettings} says what they mean. Not thread-safe.
 */
public final class LoopDraft<K, V> {

  private static final Logger LOG = LoggerFactory.getLogger(Logs.LOOP);

  public int concurrency = 1;
  public RateLimit rateLimit = RateLimit.NONE;
  public int topicConcurrency = Integer.MAX_VALUE;
  public final Map<String, Integer> topicConcurrencies = new HashMap<>();
  public List<String> priorities = List.of();
  public @Nullable LoopBreaker breaker;
  public int hottestKeys;
  public @Nullable Predicate<? super ConsumerRecord<byte[], byte[]>> skipIf;
  public Duration drainTimeout = Duration.ofSeconds(10);
  public int attempts = 1;
  public Backoff backoff = Backoff.none();
  public Predicate<? super Throwable> retryable = Retryable::byDefault;
  public @Nullable DeadLetters deadLetters;
  public @Nullable String deadLetterTopic;
  public boolean hidesMessages;
  public RetryTopics retryTopics = RetryTopics.NONE;
  public RefusedLetters refusedLetters = RefusedLetters.keep();
  public Backoff deadLetterBackoff =
      Backoff.exponential(Duration.ofSeconds(1), Duration.ofSeconds(30)).withJitter(0.2);
  public @Nullable Serialization<?, ?> outputs;
  public Map<String, ?> producerProperties = Map.of();
  public Function<Map<String, Object>, Producer<byte[], byte[]>> producerFactory =
      KafkaProducer::new;
  public Consumer<? super Exception> onError = new FailureLog()::survived;
  public Consumer<? super Notification> onNotification = n -> LOG.info("{}", n);

  /** The partitions that are paused from the start on. */
  public final Pauses pauses = new Pauses();

  private final ConsumerDraft<K, V> consumer;
  private final List<String> handlers = new ArrayList<>();

  /** A draft with the defaults, of a loop with this consumer. */
  public LoopDraft(ConsumerDraft<K, V> consumer) {
    this.consumer = consumer;
  }

  /**
   * Sets how records are handled. {@link #loop} refuses a second call.
   *
   * @param setting the method that the application has called, such as {@code handler(…)}
   * @param batching the size of batches; null for one record at a time
   * @param outputs the serializers of the records that the handler produces in transactions; null
   *     if it produces none
   */
  public void handled(
      String setting, @Nullable Batching batching, @Nullable Serialization<?, ?> outputs) {
    handlers.add(setting);
    consumer.batching = batching;
    this.outputs = outputs;
  }

  /** Sets how records of each topic are deserialized and handled; instead of {@link #handled}. */
  public void routed(String setting, RouteTable<?> routes) {
    handled(setting, null, null);
    consumer.routes = routes;
  }

  /**
   * The settings of the loop.
   *
   * @throws IllegalArgumentException if settings do not fit together
   */
  public LoopSettings loop() {
    if (handlers.size() > 1) {
      throw new IllegalArgumentException(
          "a loop has one handler, but these were set: %s; remove all but one"
              .formatted(String.join(", ", handlers)));
    }
    if (deadLetters != null && deadLetterTopic != null) {
      throw new IllegalArgumentException(
          "deadLetters(…) and deadLetterTopic(…) were both set: remove one of them");
    }
    KafkaProperties.check(producerProperties, ProducerConfig.configDef());
    var loop = new LoopSettings(this);
    loop.check(consumer.settings());
    return loop;
  }

  /**
   * The settings of the consumer of the loop. Each call gives pauses of their own.
   *
   * @param loop the settings from {@link #loop}
   * @param recording puts the observer of the loop before the one of the application
   * @param gate decides when records are handed out
   * @throws IllegalArgumentException if a setting is missing, or settings do not fit together
   */
  public ConsumerSettings<K, V> consumer(
      LoopSettings loop, UnaryOperator<ConsumerObserver> recording, Gate gate) {
    var parts =
        new ConsumerSettings.OfLoop(
            pauses.copy(),
            gate,
            hottestKeys == 0 ? null : new HotKeys(hottestKeys),
            skipIf,
            loop.transactions(consumer.settings()),
            recording.apply(consumer.observer),
            loop.retryTopics);
    return new ConsumerSettings<>(consumer, parts).check();
  }
}
