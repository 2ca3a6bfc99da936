package dev.millrace.kafka.builder;

import dev.millrace.kafka.AddedPartitions;
import dev.millrace.kafka.ClusterProblemException;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.CorruptRecords;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.NewHistory;
import dev.millrace.kafka.NewHistoryException;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.internal.properties.Checks;
import dev.millrace.kafka.internal.properties.Patterns;
import dev.millrace.kafka.internal.report.Guarded;
import dev.millrace.kafka.internal.settings.ConsumerDraft;
import dev.millrace.kafka.internal.settings.DraftAccess;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * The settings of all consumers, with their defaults. Not thread-safe. No method blocks.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 * @param <B> the type of the builder itself
 */
public abstract class ConsumerBuilder<K, V, B extends ConsumerBuilder<K, V, B>> {

  static {
    DraftAccess.openConsumers(builder -> ((ConsumerBuilder<?, ?, ?>) builder).settings);
  }

  final ConsumerDraft<K, V> settings = new ConsumerDraft<>();

  /** For the faces of the loop. */
  protected ConsumerBuilder() {}

  /** This builder. */
  protected abstract B self();

  /**
   * Kafka's own settings. Required: {@code bootstrap.servers}, {@code group.id} and the
   * deserializers. The properties are passed to Kafka unchanged, with two exceptions. {@code
   * enable.auto.commit=true} is refused. The default of {@code auto.offset.reset} is {@code
   * earliest}, because Kafka's default skips records written before the first commit of the group.
   *
   * <p>When the consumer starts, each property that neither a Kafka client nor a deserializer reads
   * is logged once, at WARN, with the nearest known name.
   *
   * @throws IllegalArgumentException if a name or a value is null. Building the consumer refuses a
   *     value that does not have the type of its property, such as {@code 5m} for {@code
   *     max.poll.interval.ms}
   */
  public B properties(Map<String, ?> properties) {
    settings.properties(properties);
    return self();
  }

  /** Like {@link #properties(Map)}; includes the defaults of the {@code Properties} object. */
  public B properties(Properties properties) {
    settings.properties(properties);
    return self();
  }

  /**
   * The deserializers themselves, instead of {@code key.deserializer} and {@code
   * value.deserializer} among the properties. They are not configured, are called by one thread at
   * a time, and are closed at the end. A slow call holds up all partitions, since there is no other
   * instance. Classes among the properties have an instance for each partition that is deserialized
   * at the same time; a slow call holds up its partition only. Kafka's own deserializers without
   * state, such as {@code StringDeserializer}, are called by any number of threads at a time.
   */
  public B deserializers(Deserializer<K> key, Deserializer<V> value) {
    settings.keyDeserializer = Objects.requireNonNull(key, "key");
    settings.valueDeserializer = Objects.requireNonNull(value, "value");
    return self();
  }

  /**
   * The topics to subscribe to.
   *
   * @throws IllegalArgumentException if a name is null or blank, or is not a legal topic name
   */
  public B topics(String... topics) {
    settings.topics = Stream.of(topics).map(name -> Checks.topicName("topics(…)", name)).toList();
    settings.pattern = null;
    return self();
  }

  /**
   * Subscribes to all topics whose whole name matches, including topics created later. The consumer
   * looks for new topics every {@code metadata.max.age.ms} (Kafka's default: 5 minutes).
   */
  public B topics(Pattern pattern) {
    settings.pattern = Objects.requireNonNull(pattern, "pattern");
    settings.topics = List.of();
    return self();
  }

  /**
   * Like {@link #topics(Pattern)}, but without topics whose whole name matches {@code except}, such
   * as dead-letter topics.
   */
  public B topics(Pattern pattern, Pattern except) {
    return topics(Patterns.without(pattern, except));
  }

  /**
   * Where consumption starts without a commit of the group. It starts at the first record whose
   * timestamp is not before this time, or at the end of the log if there is no such record.
   * Default: as {@code auto.offset.reset} says. Set only one of them.
   *
   * <p>The start is committed at once, so a restart does not move it. {@link #addedPartitions} and
   * {@link NewHistory#RESET} follow this setting as they follow the property.
   */
  public B startAt(Instant time) {
    settings.startAt = Objects.requireNonNull(time, "startAt");
    return self();
  }

  /**
   * Decides which records wait for each other. Default: {@link Ordering#PARTITION}, the order that
   * every Kafka consumer keeps.
   */
  public B ordering(Ordering ordering) {
    settings.ordering = Objects.requireNonNull(ordering, "ordering");
    return self();
  }

  /**
   * A partition pauses at this number of waiting records, until half of them are taken. In records.
   * Default: 2,000. Records that wait for another record of their key do not count.
   */
  public B buffer(int records) {
    settings.buffer = Checks.positive("the buffer", records);
    return self();
  }

  /**
   * A partition pauses when it holds this number of records, counted from the first unsettled
   * record on, settled ones included. It resumes when that first record is settled. In records.
   * Default: 10,000. The limit bounds the memory, and the number of records redelivered after a
   * crash, when one record hangs or one key is slow. A poll may exceed it by its own records
   * ({@code max.poll.records}).
   */
  public B lookAhead(int records) {
    settings.lookAhead = Checks.positive("the look-ahead", records);
    return self();
  }

  /**
   * A partition pauses when its unsettled records have this size. In bytes: keys, values and
   * headers, and about 200 bytes for each record. Default: 8 MiB. A poll may exceed it by its own
   * records.
   *
   * @throws IllegalArgumentException if the size is below 1
   */
  public B lookAheadBytes(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("the look-ahead must be at least 1 byte, but is " + bytes);
    }
    settings.lookAheadBytes = bytes;
    return self();
  }

  /**
   * The longest time from settling a record to its commit, while the broker answers. Default: 1
   * second. A commit starts at 95 % of the interval.
   */
  public B commitInterval(Duration interval) {
    settings.commitInterval = Checks.positive("the commit interval", interval);
    return self();
  }

  /**
   * The number of settled records after which a commit starts before the end of the interval.
   * Default: 10,000.
   */
  public B commitEvery(int records) {
    settings.commitEvery = Checks.positive("the number of records to commit", records);
    return self();
  }

  /**
   * The largest size of a commit's metadata, in characters. Default: 4,096, the brokers' default
   * ({@code offset.metadata.max.bytes}). The metadata lists the records settled beyond the commit.
   * A partition whose metadata does not fit pauses until it fits. With 0, no metadata is written,
   * and a restart redelivers the records settled beyond the commit.
   *
   * @throws IllegalArgumentException if the size is negative
   */
  public B metadataLimit(int characters) {
    if (characters < 0) {
      throw new IllegalArgumentException(
          "the metadata limit must not be negative, but is " + characters);
    }
    settings.metadataLimit = characters;
    return self();
  }

  /**
   * How long a rebalance waits for running handlers of a revoked partition. Default: 10 seconds.
   * Must be shorter than {@code max.poll.interval.ms}.
   */
  public B revokeTimeout(Duration timeout) {
    settings.revokeTimeout = Checks.positive("the revoke timeout", timeout);
    return self();
  }

  /** The time limit for the last commit and for leaving the group. Default: 10 seconds. */
  public B closeTimeout(Duration timeout) {
    settings.closeTimeout = Checks.positive("the close timeout", timeout);
    return self();
  }

  /**
   * The time after which {@link Health} reports a standstill as stuck. Default: 1 minute. It must
   * be longer than a handler may take.
   *
   * <p>A consumer is stuck if one of these states lasts longer:
   *
   * <ul>
   *   <li>the same record is the first unsettled one of its partition;
   *   <li>the poll thread does not poll;
   *   <li>commits fail;
   *   <li>after the start, the consumer is not in its group or has no topic;
   *   <li>no broker answers (here the limit is 5 seconds longer);
   *   <li>an open transaction hides records.
   * </ul>
   *
   * <p>After half of this time, at most 5 seconds, a consumer in such a state asks the cluster what
   * is missing, and reports it as a {@link ClusterProblemException}.
   */
  public B stuckAfter(Duration time) {
    settings.stuckAfter = Checks.positive("the time of stuckAfter(…)", time);
    return self();
  }

  /**
   * Decides what the consumer does with a record that the broker has, but that cannot be read
   * because its batch is corrupt. Default: {@link CorruptRecords#STOP}.
   */
  public B corruptRecords(CorruptRecords policy) {
    settings.corruptRecords = Objects.requireNonNull(policy, "corruptRecords");
    return self();
  }

  /**
   * Where to go on when the log of a partition is not the one that was consumed before. Its offsets
   * have expired, an election has truncated it, or its topic was deleted and created again.
   * Default: {@link NewHistory#RESUME}, which skips no existing record; but {@link NewHistory#STOP}
   * if {@code auto.offset.reset} is {@code none}. Each such event is reported as a {@link
   * NewHistoryException}.
   */
  public B newHistory(NewHistory choice) {
    settings.newHistory = Objects.requireNonNull(choice, "newHistory");
    return self();
  }

  /**
   * The largest lag of a partition, in offsets. Above it, {@link Health} reports the consumer as
   * behind, and not ready. Default: no limit.
   *
   * @throws IllegalArgumentException if the limit is below 1
   */
  public B lagLimit(long offsets) {
    if (offsets < 1) {
      throw new IllegalArgumentException(
          "the lag limit must be at least 1 offset, but is " + offsets);
    }
    settings.lagLimit = offsets;
    return self();
  }

  /**
   * Where consumption of a partition starts if the partition was added to its topic after the group
   * started to consume it. Default: {@link AddedPartitions#FROM_BEGINNING}.
   */
  public B addedPartitions(AddedPartitions choice) {
    settings.addedPartitions = Objects.requireNonNull(choice, "addedPartitions");
    return self();
  }

  /**
   * Makes the consumer wait for refused rights (credentials, topics, the group), and go on when
   * they are granted. Default: a refused right ends the consumer.
   *
   * @param interval the time between two reports of the refusal; the broker is asked more often
   */
  public B awaitRights(Duration interval) {
    settings.awaitRights = Checks.positive("the interval of awaitRights(…)", interval);
    return self();
  }

  /**
   * Receives consume, settle and commit events. An exception that the observer throws is logged.
   * Default: none. {@link dev.millrace.kafka.micrometer.LoopMeters} feeds Micrometer's meters from
   * these events.
   */
  public B observer(ConsumerObserver observer) {
    settings.observer = Guarded.observer(Objects.requireNonNull(observer, "observer"));
    return self();
  }
}
