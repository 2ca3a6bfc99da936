package dev.millrace.kafka.internal.serde;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.RecordDeserializationException.DeserializationExceptionOrigin;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls the application's deserializers outside of the consumer. So a record that they refuse is
 * one failed record, and its bytes are still available.
 *
 * <p>Thread-safe. One thread at a time calls a deserializer, as in Kafka's own consumer. If the
 * deserializers are created from their classes, each call has its own pair, so a slow call holds up
 * its partition only. If the application has given instances, there is one pair, and the calls of
 * all partitions wait for each other. Kafka's own deserializers without state are the exception:
 * any number of threads call one pair at once.
 */
/*
 * A new pair is created when all others are in use. Pairs are reused, the last one first. So the
 * number of pairs is the largest number that was in use at once: at most one for each partition,
 * and one or two if calls are fast.
 */
public final class Deserialization<K, V> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Deserialization.class);

  /** The deserializers of one call. */
  private record Pair<K, V>(Deserializer<K> key, Deserializer<V> value) {
    boolean isStateless() {
      return Deserializers.isStateless(key) && Deserializers.isStateless(value);
    }

    /** Closes both; their failures are added to the list. */
    void close(List<Throwable> failures) {
      for (Deserializer<?> each : List.of(key, value)) {
        try {
          each.close();
        } catch (Throwable e) {
          failures.add(e);
        }
      }
    }
  }

  private final @Nullable Supplier<Deserializer<K>> keys;
  private final @Nullable Supplier<Deserializer<V>> values;

  /** The turnstile of all partitions, if there is one pair; null if each partition has its own. */
  private final @Nullable Turnstile single;

  /** The only pair, if it has no state: then all threads call it at once; null otherwise. */
  private final @Nullable Pair<K, V> shared;

  private final Deque<Pair<K, V>> free = new ArrayDeque<>(); // guarded by this
  private int used; // guarded by this
  private volatile boolean closed; // written under this

  /** With one pair of configured deserializers. They are closed with this object. */
  public Deserialization(Deserializer<K> key, Deserializer<V> value) {
    this.keys = null;
    this.values = null;
    this.single = new Turnstile();
    Pair<K, V> pair = new Pair<>(key, value);
    this.shared = pair.isStateless() ? pair : null;
    free.add(pair);
  }

  /**
   * With deserializers that are created on demand; the first pair is created now. All are closed
   * with this object.
   */
  public Deserialization(Supplier<Deserializer<K>> keys, Supplier<Deserializer<V>> values) {
    this.keys = keys;
    this.values = values;
    this.single = null;
    Pair<K, V> first = new Pair<>(keys.get(), values.get());
    this.shared = first.isStateless() ? first : null;
    free.add(first);
  }

  /** Whether any number of threads may call {@link #apply} at once, without a turnstile. */
  public boolean isShared() {
    return shared != null;
  }

  /** Lets one thread of a partition call the deserializers, for one record at a time. */
  public Turnstile turnstile() {
    return single != null ? single : new Turnstile();
  }

  /**
   * The record with its key and value. Its headers are a copy, so that a handler cannot change the
   * headers of the raw record. The caller holds the {@link #turnstile} of the partition, unless
   * this {@link #isShared is shared}.
   *
   * @throws RecordDeserializationException if a deserializer throws, with its exception as the
   *     cause
   * @throws DeserializersClosedException if this is closed
   */
  public ConsumerRecord<K, V> apply(ConsumerRecord<byte[], byte[]> raw) {
    if (shared != null) {
      if (closed) {
        throw new DeserializersClosedException();
      }
      return apply(shared, raw);
    }
    Pair<K, V> pair = take();
    try {
      return apply(pair, raw);
    } finally {
      giveBack(pair);
    }
  }

  private Pair<K, V> take() {
    synchronized (this) {
      if (closed) {
        throw new DeserializersClosedException();
      }
      used++;
      Pair<K, V> known = free.pollFirst();
      if (known != null) {
        return known;
      }
    }
    return make(); // without the lock, because it may take long
  }

  private Pair<K, V> make() {
    try {
      return new Pair<>(Objects.requireNonNull(keys).get(), Objects.requireNonNull(values).get());
    } catch (Throwable e) {
      giveBack(null);
      throw e;
    }
  }

  private void giveBack(@Nullable Pair<K, V> pair) {
    boolean tooLate;
    synchronized (this) {
      used--;
      tooLate = closed;
      if (pair != null && !closed) {
        free.addFirst(pair);
      }
    }
    if (pair != null && tooLate) {
      List<Throwable> failures = new ArrayList<>();
      pair.close(failures);
      throwAll(failures);
    }
  }

  private static <K, V> ConsumerRecord<K, V> apply(
      Pair<K, V> pair, ConsumerRecord<byte[], byte[]> raw) {
    Header[] known = raw.headers().toArray();
    var headers = known.length == 0 ? new RecordHeaders() : new RecordHeaders(known);
    return new ConsumerRecord<>(
        raw.topic(),
        raw.partition(),
        raw.offset(),
        raw.timestamp(),
        raw.timestampType(),
        raw.serializedKeySize(),
        raw.serializedValueSize(),
        part(DeserializationExceptionOrigin.KEY, pair.key, raw, headers, raw.key()),
        part(DeserializationExceptionOrigin.VALUE, pair.value, raw, headers, raw.value()),
        headers,
        raw.leaderEpoch(),
        raw.deliveryCount());
  }

  @SuppressWarnings("NullAway") // a key, or a value, may be null: Kafka's types do not say so
  private static <T> T part(
      DeserializationExceptionOrigin origin,
      Deserializer<T> deserializer,
      ConsumerRecord<byte[], byte[]> raw,
      RecordHeaders headers,
      byte @Nullable [] bytes) {
    if (bytes == null) {
      return null; // as in Kafka: deserializers are not called for null
    }
    try {
      return deserializer.deserialize(raw.topic(), headers, bytes);
    } catch (RuntimeException e) {
      throw new RecordDeserializationException(
          origin,
          new TopicPartition(raw.topic(), raw.partition()),
          raw.offset(),
          raw.timestamp(),
          raw.timestampType(),
          buffer(raw.key()),
          buffer(raw.value()),
          raw.headers(),
          "the %s of the record of %s-%d at offset %d cannot be deserialized: %s"
              .formatted(origin, raw.topic(), raw.partition(), raw.offset(), e),
          e);
    }
  }

  @SuppressWarnings("NullAway") // Kafka's type does not say that it may be null
  private static ByteBuffer buffer(byte @Nullable [] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }

  /**
   * Closes the deserializers. Does not wait for a call that goes on: its thread closes the
   * deserializers of that call when it returns.
   *
   * @throws KafkaException if several deserializers could not be closed, with all their failures; a
   *     single failure is thrown as it is
   */
  @Override
  public void close() {
    List<Pair<K, V>> last;
    int left;
    synchronized (this) {
      closed = true;
      last = List.copyOf(free);
      free.clear();
      left = used;
    }
    if (left > 0) {
      LOG.warn("{} deserializers have not returned; they are closed when they do", left);
    }
    List<Throwable> failures = new ArrayList<>();
    last.forEach(pair -> pair.close(failures));
    throwAll(failures);
  }

  /**
   * Throws one failure as it is. Several failures need a wrapper: exceptions of users stay as they
   * are.
   */
  private static void throwAll(List<Throwable> failures) {
    if (failures.isEmpty()) {
      return;
    }
    Throwable first = failures.getFirst();
    if (failures.size() == 1 && first instanceof RuntimeException e) {
      throw e;
    }
    if (failures.size() == 1 && first instanceof Error e) {
      throw e;
    }
    var all =
        new KafkaException(
            "%d deserializers could not be closed: the first failure is the cause, the others are suppressed"
                .formatted(failures.size()),
            first);
    failures.stream().skip(1).forEach(all::addSuppressed);
    throw all;
  }
}
