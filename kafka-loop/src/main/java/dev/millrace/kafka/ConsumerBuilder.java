package dev.millrace.kafka;

import dev.millrace.kafka.internal.report.Guarded;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.Patterns;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * The settings that all who consume have, with defaults; not safe for use by many threads.
 *
 * @param <B> the builder itself
 */
public abstract class ConsumerBuilder<K, V, B extends ConsumerBuilder<K, V, B>> {

  private final ConsumerSettings<K, V> settings = new ConsumerSettings<>();

  /** For the faces of the loop. */
  protected ConsumerBuilder() {}

  /** This one. */
  protected abstract B self();

  /** What was set so far; for the faces of the loop. */
  protected final ConsumerSettings<K, V> settings() {
    return settings;
  }

  /**
   * Kafka's own settings: {@code bootstrap.servers}, {@code group.id} and the deserializers at
   * least. They are passed on as they are, but {@code enable.auto.commit=true} is refused, and
   * {@code auto.offset.reset} is {@code earliest} if it is not given: Kafka's default skips what
   * was written before the group's first commit. When the consumer starts, each property that
   * neither a Kafka client nor a deserializer reads is logged once, at WARN, with the nearest name
   * that is known.
   *
   * @throws IllegalArgumentException if a name or a value is null. A value that is not of its
   *     property's type, such as {@code 5m} for {@code max.poll.interval.ms}, is refused when the
   *     consumer is built
   */
  public B properties(Map<String, ?> properties) {
    settings.properties(properties);
    return self();
  }

  /** As {@link #properties(Map)}; the defaults that the properties were made with count too. */
  public B properties(Properties properties) {
    settings.properties(properties);
    return self();
  }

  /**
   * The deserializers themselves, instead of {@code key.deserializer} and {@code
   * value.deserializer} among the properties. They are not configured, are called by one thread at
   * a time, and are closed at the end. A slow call holds up all partitions, since there is no other
   * instance. Classes among the properties have an instance for each partition that is deserialized
   * at the same time; a slow call holds up its partition only.
   */
  public B deserializers(Deserializer<K> key, Deserializer<V> value) {
    settings.keyDeserializer = Objects.requireNonNull(key, "key");
    settings.valueDeserializer = Objects.requireNonNull(value, "value");
    return self();
  }

  /**
   * The topics to subscribe to.
   *
   * @throws IllegalArgumentException if a name is null or blank, or cannot be that of a topic
   */
  public B topics(String... topics) {
    settings.topics =
        Stream.of(topics).map(name -> ConsumerSettings.topicName("topics(…)", name)).toList();
    settings.pattern = null;
    return self();
  }

  /**
   * Subscribes to all topics whose whole name matches, those that are created later too: the
   * consumer looks for them each {@code metadata.max.age.ms} (Kafka's default: 5 minutes).
   */
  public B topics(Pattern pattern) {
    settings.pattern = Objects.requireNonNull(pattern, "pattern");
    settings.topics = List.of();
    return self();
  }

  /**
   * As {@link #topics(Pattern)}, but without the topics whose whole name matches {@code except},
   * such as dead-letter topics.
   */
  public B topics(Pattern pattern, Pattern except) {
    return topics(Patterns.without(pattern, except));
  }

  /**
   * Which records wait for which; {@link Ordering#PARTITION}, the order that every Kafka consumer
   * keeps.
   */
  public B ordering(Ordering ordering) {
    settings.ordering = Objects.requireNonNull(ordering, "ordering");
    return self();
  }

  /**
   * From how many waiting records on a partition is paused, until half of them are taken; 2,000.
   * Records that wait for their key do not count.
   */
  public B buffer(int records) {
    settings.buffer = ConsumerSettings.positive("the buffer", records);
    return self();
  }

  /**
   * How many records of a partition are held from the first one that is not settled on, settled
   * ones included, before the partition is paused until that one is settled; 10,000. It bounds the
   * memory, and what a crash may repeat, when one record hangs or one key is slow. A poll may go
   * beyond by what it brings ({@code max.poll.records}).
   */
  public B lookAhead(int records) {
    settings.lookAhead = ConsumerSettings.positive("the look-ahead", records);
    return self();
  }

  /**
   * How many bytes the records of a partition may have that are held and not settled, before it is
   * paused. In bytes, of keys, values and headers, and some 200 bytes for each record. Default: 8
   * MiB. A poll may go beyond by what it brings.
   */
  public B lookAheadBytes(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("the look-ahead must be at least 1 byte, but is " + bytes);
    }
    settings.lookAheadBytes = bytes;
    return self();
  }

  /**
   * How long after it was settled a record is committed, at the most while the broker answers; one
   * second. A commit begins when nineteen twentieths of it have passed since the last one began.
   */
  public B commitInterval(Duration interval) {
    settings.commitInterval = ConsumerSettings.positive("the commit interval", interval);
    return self();
  }

  /** After how many settled records to commit, if that is before the interval ends; 10,000. */
  public B commitEvery(int records) {
    settings.commitEvery = ConsumerSettings.positive("the number of records to commit", records);
    return self();
  }

  /**
   * How many characters a commit's metadata may have, in which what is settled beyond the commit is
   * remembered; 4096, which is the brokers' default ({@code offset.metadata.max.bytes}). A
   * partition whose metadata does not fit is paused until it does. 0 does without, and a restart
   * repeats what was settled beyond the commit.
   */
  public B metadataLimit(int characters) {
    if (characters < 0) {
      throw new IllegalArgumentException("the metadata's limit is negative: " + characters);
    }
    settings.metadataLimit = characters;
    return self();
  }

  /**
   * How long a rebalance waits for records that have begun in a partition that is taken away; ten
   * seconds. Must be shorter than {@code max.poll.interval.ms}.
   */
  public B revokeTimeout(Duration timeout) {
    settings.revokeTimeout = ConsumerSettings.positive("the revoke timeout", timeout);
    return self();
  }

  /** How long the commit and the leave at the end may take; ten seconds. */
  public B closeTimeout(Duration timeout) {
    settings.closeTimeout = ConsumerSettings.positive("the close timeout", timeout);
    return self();
  }

  /**
   * For how long a record may be the first that is not settled, polling may pause, commits may
   * fail, the consumer may be without its group or its topics after the start, no broker may answer
   * (5 seconds longer), or records may be hidden behind an open transaction, until {@link Health}
   * says that the consumer is stuck. Default: one minute. Longer than a handler may take.
   *
   * <p>After half of it, or 5 seconds if that is less, a consumer that does not get what it needs
   * asks the cluster what is missing, and tells it by a {@link ClusterProblemException}.
   */
  public B stuckAfter(Duration time) {
    settings.stuckAfter = ConsumerSettings.positive("the time until it is stuck", time);
    return self();
  }

  /**
   * What becomes of a record that the broker has, but that cannot be read, as its batch is corrupt.
   * Default: {@link CorruptRecords#STOP}.
   */
  public B corruptRecords(CorruptRecords policy) {
    settings.corruptRecords = Objects.requireNonNull(policy, "corruptRecords");
    return self();
  }

  /**
   * Where to go on when the log of a partition is not the one that was consumed: its offsets have
   * expired, an election has cut it, or its topic was deleted and made anew. Default: {@link
   * NewHistory#RESUME}, which skips no record that is there; {@link NewHistory#STOP} if {@code
   * auto.offset.reset} is {@code none}. Each time a {@link NewHistoryException} tells it.
   */
  public B newHistory(NewHistory choice) {
    settings.newHistory = Objects.requireNonNull(choice, "newHistory");
    return self();
  }

  /**
   * From which lag of a partition on, in offsets, {@link Health} says that the consumer is behind,
   * and not ready. Default: no limit.
   */
  public B lagLimit(long offsets) {
    if (offsets < 1) {
      throw new IllegalArgumentException("the limit must be at least 1 offset, but is " + offsets);
    }
    settings.lagLimit = offsets;
    return self();
  }

  /**
   * Where the consumption begins of a partition that was added to its topic after the group had
   * begun to consume it. Default: {@link AddedPartitions#FROM_BEGINNING}.
   */
  public B addedPartitions(AddedPartitions choice) {
    settings.addedPartitions = Objects.requireNonNull(choice, "addedPartitions");
    return self();
  }

  /**
   * To wait for rights that are refused (credentials, topics, the group), and go on when they are
   * granted. Default: a refused right ends the consumer.
   *
   * @param interval how often to tell of the refusal; the broker is asked more often
   */
  public B awaitRights(Duration interval) {
    settings.awaitRights = ConsumerSettings.positive("the interval", interval);
    return self();
  }

  /**
   * Receives consume, settle and commit events; what it throws is logged. Default: none. {@link
   * dev.millrace.kafka.micrometer.LoopMeters} makes Micrometer's meters of it.
   */
  public B observer(ConsumerObserver observer) {
    settings.observer = Guarded.observer(Objects.requireNonNull(observer, "observer"));
    return self();
  }
}
