package dev.millrace.kafka;

import dev.millrace.context.Context;
import dev.millrace.kafka.internal.properties.Checks;
import dev.millrace.kafka.internal.properties.KafkaProperties;
import dev.millrace.kafka.internal.properties.SinkProperties;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageFunction;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Kafka as the sink of a pipeline: sends a record for each element. An element reaches its end when
 * the broker has acknowledged its record. The result of the run is the number of these elements.
 *
 * <pre>{@code
 * KafkaSink<Price> prices =
 *     KafkaSink.<Price, String, Price>builder(
 *             price -> new ProducerRecord<>("prices", price.item(), price))
 *         .properties(…)
 *         .build();
 * Pipeline<Long> job = orders.pipe("orders").mapParallel("price", 64, this::price).to(prices);
 * }</pre>
 *
 * <p>With a {@code KafkaSource} in front, the offset of a record is committed only when everything
 * that was made of the record is acknowledged. So delivery is at least once. Records are sent in
 * the order of the pipe, and Kafka keeps the order of each partition.
 *
 * <p>The sink adds stages to the pipe. The stage {@code produce} makes the records and sends them.
 * The stage {@code produce/acknowledge} waits for the acknowledgements, in the order of the
 * records; the buffer {@code produce/in-flight} is between them. The stages have the failure policy
 * of the pipe ({@link Pipe#onFailure}). If the function that makes the record throws, the element
 * is a failure of {@code produce}. If the producer gives a record up, its {@link Sent} is a failure
 * of {@code produce/acknowledge}, with a {@link ProduceFailedException} as its cause. By default,
 * the first failure stops the run. Then no element behind it is settled, and a source that
 * redelivers repeats them in their order.
 *
 * <p>Each run has a producer of its own, and closes it exactly once: after the last
 * acknowledgement, or at once if the run fails or is cancelled. Thread-safe. No method of this
 * class blocks. Cost: one object and one callback for each record.
 *
 * @param <T> the type of the elements
 */
public final class KafkaSink<T> implements Sink<T, Long> {

  /**
   * The capacity of the buffer behind the send, in multiples of the records in flight. The permits
   * of the send are the bound, and the buffer must not be. Reactor asks for more elements when
   * three quarters of a buffer are taken, and the last quarter must be enough.
   */
  private static final long ROOM = 4;

  private final Supplier<Sending<T, ?, ?>> sending;
  private final String name;
  private final int inFlight;

  private KafkaSink(Supplier<Sending<T, ?, ?>> sending, String name, int inFlight) {
    this.sending = sending;
    this.name = name;
    this.inFlight = inFlight;
  }

  /** A builder for elements that are records. */
  public static <K, V> Builder<ProducerRecord<K, V>, K, V> builder() {
    return builder(record -> record);
  }

  /**
   * A builder for elements of any type.
   *
   * @param function makes the record of an element; may block. An exception makes the element a
   *     failure
   */
  public static <T, K, V> Builder<T, K, V> builder(
      StageFunction<? super T, ProducerRecord<K, V>> function) {
    return new Builder<>(Objects.requireNonNull(function, "function"));
  }

  /**
   * The stages of the sink, behind a pipe that goes on: it emits each element with its record, when
   * the broker has acknowledged the record. In a copy of a branch, the stages have a producer of
   * their own.
   */
  @SuppressWarnings("unchecked") // a pipe only gives elements
  public Pipe<Sent<T>> stages(Pipe<? extends T> pipe) {
    return ((Pipe<T>) pipe)
        .<Sent<T>>via(name, sending)
        .buffer(name + "/in-flight", (int) Math.min(ROOM * inFlight, Integer.MAX_VALUE))
        .map(name + "/acknowledge", Sent::await);
  }

  @Override
  public Pipeline<Long> complete(Pipe<? extends T> pipe) {
    return stages(pipe).to(Sink.count());
  }

  /**
   * Opens the sink without its stages; a pipe does not call it. A record that is not acknowledged
   * then stops the run. An element is settled when a later element comes, or at the end.
   */
  @Override
  public Receiver<T, Long> open(Context context) {
    return new SendingReceiver<>(sending.get());
  }

  /**
   * The settings of a sink, with their defaults. Not thread-safe.
   *
   * @param <T> the type of the elements
   * @param <K> the type of the keys
   * @param <V> the type of the values
   */
  public static final class Builder<T, K, V> {
    private final StageFunction<? super T, ProducerRecord<K, V>> function;
    private Map<String, Object> properties = Map.of();
    private @Nullable Serializer<K> keySerializer;
    private @Nullable Serializer<V> valueSerializer;
    private @Nullable Supplier<? extends Producer<K, V>> factory;
    private String name = "produce";
    private int inFlight = 1_000;
    private Duration closeTimeout = Duration.ofSeconds(10);

    private Builder(StageFunction<? super T, ProducerRecord<K, V>> function) {
      this.function = function;
    }

    /**
     * Kafka's own settings. Required: {@code bootstrap.servers} and the serializers. The properties
     * are passed to Kafka unchanged. The defaults of the sink are {@code acks=all} and {@code
     * enable.idempotence=true}. {@code acks=0} and {@code transactional.id} are refused.
     *
     * @throws IllegalArgumentException if a name or a value is null
     */
    public Builder<T, K, V> properties(Map<String, ?> properties) {
      this.properties = KafkaProperties.copy(properties);
      return this;
    }

    /** Like {@link #properties(Map)}; includes the defaults of the {@code Properties} object. */
    public Builder<T, K, V> properties(Properties properties) {
      this.properties = KafkaProperties.copy(properties);
      return this;
    }

    /**
     * The serializers themselves, instead of {@code key.serializer} and {@code value.serializer}
     * among the properties. The sink does not configure them, and closes them at the end of each
     * run. They must be thread-safe if several runs use them at once.
     */
    public Builder<T, K, V> serializers(Serializer<K> key, Serializer<V> value) {
      keySerializer = Objects.requireNonNull(key, "key");
      valueSerializer = Objects.requireNonNull(value, "value");
      return this;
    }

    /**
     * Makes the producer of a run, instead of the properties and the serializers. The run closes
     * the producer, so each call must make a new one. The producer must have {@code acks=all}, or a
     * crash of a broker loses records. It must not be in a transaction.
     */
    public Builder<T, K, V> producer(Supplier<? extends Producer<K, V>> factory) {
      this.factory = Objects.requireNonNull(factory, "factory");
      return this;
    }

    /** The name of the first stage of the sink, and the prefix of the others. Default: produce. */
    public Builder<T, K, V> name(String name) {
      this.name = Objects.requireNonNull(name, "name");
      return this;
    }

    /**
     * The maximum number of records that are sent and not acknowledged. Then the pipe waits.
     * Default: 1,000. The producer's own bound, {@code buffer.memory} in bytes, applies as well.
     *
     * @throws IllegalArgumentException if the number is below 1
     */
    public Builder<T, K, V> inFlight(int records) {
      inFlight = Checks.positive("the number of records in flight", records);
      return this;
    }

    /**
     * The time limit for closing the producer after the last acknowledgement. Default: 10 seconds.
     * The producer of a failed or cancelled run is closed at once.
     */
    public Builder<T, K, V> closeTimeout(Duration timeout) {
      closeTimeout = Checks.positive("the close timeout", timeout);
      return this;
    }

    /**
     * Builds the sink. It does nothing until a pipeline is started.
     *
     * @throws IllegalArgumentException if a setting is missing or unsafe
     */
    public KafkaSink<T> build() {
      Supplier<? extends Producer<K, V>> open = factory == null ? newProducer() : factory;
      var records = function;
      int bound = inFlight;
      Duration timeout = closeTimeout;
      return new KafkaSink<>(
          () -> new Sending<>(records, open.get(), bound, timeout), name, inFlight);
    }

    private Supplier<Producer<K, V>> newProducer() {
      Map<String, Object> checked =
          SinkProperties.checked(properties, keySerializer != null && valueSerializer != null);
      Serializer<K> key = keySerializer;
      Serializer<V> value = valueSerializer;
      return () -> new KafkaProducer<>(checked, key, value);
    }
  }
}
