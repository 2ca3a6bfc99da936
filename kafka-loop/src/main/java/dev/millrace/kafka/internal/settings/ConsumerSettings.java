package dev.millrace.kafka.internal.settings;

import dev.millrace.kafka.AddedPartitions;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.CorruptRecords;
import dev.millrace.kafka.NewHistory;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.Reading;
import dev.millrace.kafka.internal.cluster.AdminQuestions;
import dev.millrace.kafka.internal.cluster.ConsumerQuestions;
import dev.millrace.kafka.internal.cluster.Questions;
import dev.millrace.kafka.internal.properties.KafkaProperties;
import dev.millrace.kafka.internal.properties.UnknownProperties;
import dev.millrace.kafka.internal.report.ConsumerFlight;
import dev.millrace.kafka.internal.report.Guarded;
import dev.millrace.kafka.internal.report.HotKeys;
import dev.millrace.kafka.internal.serde.Deserialization;
import dev.millrace.kafka.internal.serde.Deserializers;
import dev.millrace.kafka.internal.serde.RouteTable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a consumer, read-only; a {@link ConsumerDraft} makes them. The methods of the
 * builders say what they mean. Thread-safe.
 */
public final class ConsumerSettings<K, V> {

  /**
   * Shorter than Kafka's default of 500 ms. A client has one fetch request at a broker at a time,
   * and the request leaves out paused partitions. So a partition that resumes meanwhile gets no
   * records until the broker answers that request.
   */
  private static final int FETCH_MAX_WAIT_MS = 100;

  private static final Duration KAFKAS_MAX_POLL_INTERVAL = Duration.ofMinutes(5);

  /**
   * The parts of a consumer that its loop, or its source, provides.
   *
   * @param pauses the partitions that the application has paused; null if it cannot pause
   * @param gate decides when records are handed out; null if nothing limits that
   * @param hotKeys counts the records of each key; null if they are not counted
   * @param skipIf selects the records that are not handled; null for none
   * @param transactions how to produce and commit in transactions; null for commits of offsets
   *     alone
   * @param observer the observer of the application, called after the observer of the loop
   * @param retries the topics to subscribe to besides the topics of the application
   */
  record OfLoop(
      @Nullable Pauses pauses,
      @Nullable Gate gate,
      @Nullable HotKeys hotKeys,
      @Nullable Predicate<? super ConsumerRecord<byte[], byte[]>> skipIf,
      @Nullable TransactionSettings transactions,
      ConsumerObserver observer,
      RetryTopics retries) {}

  /** Kafka's own properties. They may contain secrets. */
  private final Map<String, Object> properties;

  /** The names of the topics to subscribe to; empty if there is a {@link #pattern}. */
  public final List<String> topics;

  /** The pattern of the names to subscribe to, instead of {@link #topics}; null without one. */
  public final @Nullable Pattern pattern;

  /** The records that wait for each other. */
  public final Ordering ordering;

  /** Whether records may start while handlers of the previous assignment still run. */
  public final boolean overlapping;

  /** A partition is full at this number of waiting records. */
  public final int buffer;

  /** A partition is full at this number of held records. */
  public final int lookAhead;

  /** A partition is full at this number of held bytes. */
  public final long lookAheadBytes;

  /** The longest time from settling a record to its commit, while the broker answers. */
  public final Duration commitInterval;

  /** The number of settled records that starts a commit. */
  public final int commitEvery;

  /** How many characters of metadata a commit may have. */
  public final int metadataLimit;

  /** How long a rebalance waits. */
  public final Duration revokeTimeout;

  /** How long the end may take. */
  public final Duration closeTimeout;

  /** A standstill that lasts this long is reported as stuck. */
  public final Duration stuckAfter;

  /** Decides about records that cannot be read. */
  public final CorruptRecords corruptRecords;

  /** Where to continue when the log is not the consumed one; null for the default. */
  public final @Nullable NewHistory newHistory;

  /** Where to start partitions that are younger than the group. */
  public final AddedPartitions addedPartitions;

  /** The consumer is behind above this lag of a partition; null for no limit. */
  public final @Nullable Long lagLimit;

  /** The time between two reports of a refused right; null to end the consumer instead. */
  public final @Nullable Duration awaitRights;

  /** The paused partitions, which may change at any time; null if no partition can be paused. */
  public final @Nullable Pauses pauses;

  /** Decides when records are handed out; null without a loop. */
  public final @Nullable Gate gate;

  /** Counts the records of each key; null if they are not counted. */
  public final @Nullable HotKeys hotKeys;

  /** The routes of the topics; null if all topics have the same deserializers. */
  public final @Nullable RouteTable<?> routes;

  /** The partitions of a consumer without a group; null if its group assigns them. */
  public final @Nullable Reading reading;

  /** Settings that do not go with {@link #reading}. */
  private final List<String> refused;

  /** Where to start without a commit, instead of {@code auto.offset.reset}; null if not set. */
  private final @Nullable Instant startAt;

  private final @Nullable Predicate<? super ConsumerRecord<byte[], byte[]>> skipIf;

  /** How long the records of a topic are held back; by topic. */
  public final Map<String, Duration> delays;

  /** Receives consume, settle and commit events. */
  public final ConsumerObserver observer;

  /** The size of batches; null for one record at a time. */
  public final @Nullable Batching batching;

  /** How to produce and commit in transactions; null for commits of offsets alone. */
  public final @Nullable TransactionSettings transactions;

  /** Instead of the class among the properties. */
  public final @Nullable Deserializer<K> keyDeserializer;

  /** Instead of the class among the properties. */
  public final @Nullable Deserializer<V> valueDeserializer;

  /** Creates the consumer. */
  public final Function<Map<String, Object>, Consumer<byte[], byte[]>> factory;

  /** Creates the client for questions to the cluster. */
  public final Function<Map<String, Object>, Admin> adminFactory;

  /**
   * Copies the present settings of the draft.
   *
   * @param loop the parts of a loop; null for a consumer without one
   */
  ConsumerSettings(ConsumerDraft<K, V> draft, @Nullable OfLoop loop) {
    this.properties = draft.properties;
    RetryTopics retries = loop == null ? RetryTopics.NONE : loop.retries();
    RouteTable<?> table = draft.routes;
    this.routes = table == null ? null : table.withRetries(retries.delays().keySet());
    boolean isOpen = draft.topics.isEmpty() && draft.pattern == null;
    Pattern wanted = table != null && isOpen ? table.pattern() : draft.pattern;
    List<String> named = table != null && isOpen ? table.topics() : draft.topics;
    this.reading = draft.reading;
    this.topics =
        reading != null ? ofReading(reading) : wanted == null ? retries.besides(named) : named;
    this.pattern = wanted == null || reading != null ? null : retries.besides(wanted);
    this.refused = refusedBesides(draft, retries);
    this.startAt = draft.startAt;
    this.skipIf = loop == null ? null : loop.skipIf();
    this.hotKeys = loop == null ? null : loop.hotKeys();
    this.delays = retries.delays();
    this.ordering = draft.ordering;
    this.overlapping = draft.overlapping;
    this.buffer = draft.buffer;
    this.lookAhead = draft.lookAhead;
    this.lookAheadBytes = draft.lookAheadBytes;
    this.commitInterval = draft.commitInterval;
    this.commitEvery = draft.commitEvery;
    this.metadataLimit = draft.metadataLimit;
    this.revokeTimeout = draft.revokeTimeout;
    this.closeTimeout = draft.closeTimeout;
    this.stuckAfter = draft.stuckAfter;
    this.corruptRecords = draft.corruptRecords;
    this.newHistory = draft.newHistory;
    this.addedPartitions = draft.addedPartitions;
    this.lagLimit = draft.lagLimit;
    this.awaitRights = draft.awaitRights;
    this.pauses = loop == null ? null : loop.pauses();
    this.gate = loop == null ? null : loop.gate();
    ConsumerObserver given = loop == null ? draft.observer : loop.observer();
    this.observer = ConsumerFlight.OBSERVER.and(given);
    this.batching = draft.batching;
    this.transactions = loop == null ? null : loop.transactions();
    this.keyDeserializer = draft.keyDeserializer;
    this.valueDeserializer = draft.valueDeserializer;
    this.factory = draft.factory;
    this.adminFactory = draft.adminFactory;
  }

  private static List<String> ofReading(Reading reading) {
    Set<String> names = new TreeSet<>(reading.topics());
    reading.partitions().forEach(name -> names.add(name.topic()));
    reading.offsets().keySet().forEach(name -> names.add(name.topic()));
    return List.copyOf(names);
  }

  /** The settings that need a group, if there is none. */
  private static List<String> refusedBesides(ConsumerDraft<?, ?> draft, RetryTopics retries) {
    List<String> names = new ArrayList<>();
    if (draft.reading != null) {
      if (!draft.topics.isEmpty() || draft.pattern != null) {
        names.add("topics(…)");
      }
      if (draft.startAt != null) {
        names.add("startAt(…)");
      }
      if (!retries.isEmpty()) {
        names.add("retryTopic(…)");
      }
    }
    return names;
  }

  /** Kafka's own property; null if it is not set. */
  public @Nullable Object property(String name) {
    return properties.get(name);
  }

  /** The group's name; empty if it is not set. */
  public String group() {
    return Objects.requireNonNullElse(property(ConsumerConfig.GROUP_ID_CONFIG), "").toString();
  }

  Map<String, Object> properties() {
    return properties;
  }

  /**
   * The time from the start of a commit to the start of the next one: 95 % of the interval. The
   * rest of the interval is for the poll in progress and for the broker.
   */
  public Duration untilNextCommit() {
    return commitInterval.minus(commitInterval.dividedBy(20));
  }

  /**
   * Checks the settings that contradict each other, or that are missing.
   *
   * @throws IllegalArgumentException if a setting is missing, or settings do not fit together
   */
  ConsumerSettings<K, V> check() {
    if (topics.isEmpty() && pattern == null) {
      throw new IllegalArgumentException("no topic: call topics(…)");
    }
    ClientVersion.check();
    KafkaProperties.check(properties, ConsumerConfig.configDef());
    require(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG);
    if (reading == null) {
      require(ConsumerConfig.GROUP_ID_CONFIG);
    } else if (!refused.isEmpty() || transactions != null) {
      throw new IllegalArgumentException(
          "%s needs a group, and assign(…) has none: remove one of them"
              .formatted(refused.isEmpty() ? "a transactional handler" : refused.getFirst()));
    }
    if (keyDeserializer == null && routes == null) {
      require(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG);
    }
    if (valueDeserializer == null && routes == null) {
      require(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG);
    }
    refuseAutoCommit();
    refuseTwoStarts();
    offsetReset();
    checkRoutes();
    refuseRevokeTimeoutThatKafkaWouldNotWaitFor();
    if (lookAhead < buffer) {
      throw new IllegalArgumentException(
          "a look-ahead of %d records cannot hold a buffer of %d: raise lookAhead(…)"
              .formatted(lookAhead, buffer));
    }
    Batching batches = batching;
    if (batches != null && batches.size() > lookAhead) {
      throw new IllegalArgumentException(
          "a look-ahead of %d records cannot hold a batch of %d: raise lookAhead(…), or lower the size that the batch handler is given"
              .formatted(lookAhead, batches.size()));
    }
    return this;
  }

  private void require(String property) {
    Object value = properties.get(property);
    if (value == null || value.toString().isBlank()) {
      throw new IllegalArgumentException(
          "the Kafka property '" + property + "' is missing: put it into properties(…)");
    }
  }

  private void refuseAutoCommit() {
    Object autoCommit = properties.get(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG);
    if (autoCommit != null && Boolean.parseBoolean(autoCommit.toString().strip())) {
      throw new IllegalArgumentException(
          ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG
              + "=true would commit records that are not handled, and lose them in a crash: leave"
              + " it out");
    }
  }

  private void refuseTwoStarts() {
    Object reset = properties.get(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG);
    if (startAt != null && reset != null) {
      throw new IllegalArgumentException(
          "startAt(…) and %s=%s both say where to start: remove one of them"
              .formatted(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, reset));
    }
  }

  private void checkRoutes() {
    RouteTable<?> known = routes;
    if (known != null) {
      topics.forEach(known::check);
      if (keyDeserializer != null || valueDeserializer != null) {
        throw new IllegalArgumentException(
            "routes have their own deserializers: remove deserializers(…)");
      }
    }
  }

  private void refuseRevokeTimeoutThatKafkaWouldNotWaitFor() {
    Object given = properties.get(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG);
    Duration interval =
        given == null
            ? KAFKAS_MAX_POLL_INTERVAL
            : Duration.ofMillis(Long.parseLong(given.toString().strip()));
    if (revokeTimeout.compareTo(interval) >= 0) {
      throw new IllegalArgumentException(
          "a revoke timeout of %s is not shorter than %s, %s: the group would give the partitions to others before their handlers end"
              .formatted(revokeTimeout, ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, interval));
    }
  }

  public OffsetReset offsetReset() {
    Instant at = startAt;
    return at != null
        ? OffsetReset.at(at)
        : OffsetReset.of(properties.get(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG));
  }

  /** Where to continue when the log is not the consumed one. */
  public NewHistory newHistory() {
    NewHistory chosen = newHistory;
    return chosen != null ? chosen : offsetReset().isNone() ? NewHistory.STOP : NewHistory.RESUME;
  }

  /** The isolation level of the consumer. */
  public IsolationLevel isolation() {
    Object given = properties.get(ConsumerConfig.ISOLATION_LEVEL_CONFIG);
    boolean committed =
        given == null
            ? transactions != null
            : given.toString().equalsIgnoreCase(IsolationLevel.READ_COMMITTED.toString());
    return committed ? IsolationLevel.READ_COMMITTED : IsolationLevel.READ_UNCOMMITTED;
  }

  /** Questions to the brokers of the consumer. */
  public Questions newQuestions(Consumer<?, ?> consumer) {
    return consumer instanceof KafkaConsumer
        ? AdminQuestions.open(properties)
        : new ConsumerQuestions(consumer, closeTimeout);
  }

  public Consumer<byte[], byte[]> newConsumer() {
    Map<String, Object> all = new HashMap<>(properties);
    all.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    all.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    all.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    all.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none"); // StartFinder does it
    if (reading != null) {
      all.putIfAbsent(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    }
    all.putIfAbsent(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_MAX_WAIT_MS);
    if (transactions != null) {
      all.putIfAbsent(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    }
    try {
      return factory.apply(all);
    } catch (KafkaException e) {
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      if (!(root instanceof ConfigException)) {
        throw e;
      }
      throw new KafkaException(
          "no consumer can be made with bootstrap.servers=%s: %s"
              .formatted(property(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG), root.getMessage()),
          e);
    }
  }

  /** An admin client with the connection settings of the consumer, and with this timeout. */
  public Admin newAdmin(Duration timeout) {
    return newAdmin(properties, timeout);
  }

  /** An admin client with the connection settings of another client. */
  Admin newAdmin(Map<String, ?> client, Duration timeout) {
    Map<String, Object> all = new HashMap<>(client);
    all.keySet().retainAll(AdminClientConfig.configNames());
    all.remove(AdminClientConfig.CLIENT_ID_CONFIG);
    all.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) timeout.toMillis());
    all.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) timeout.toMillis());
    return adminFactory.apply(all);
  }

  /** Whether the record is settled without being handled, or deserialized. */
  public boolean skips(ConsumerRecord<byte[], byte[]> record) {
    return (routes != null && routes.skips(record.topic()))
        || (skipIf != null && Guarded.test("skipIf(…)", skipIf, record));
  }

  /** Makes the deserializers of the records. */
  public Deserialization<K, V> newDeserialization() {
    if (routes != null) {
      return routes.newDeserialization();
    }
    var unknown = new UnknownProperties(properties);
    Map<String, Object> all = unknown.map();
    Supplier<Deserializer<K>> key =
        () ->
            Deserializers.of(
                keyDeserializer, all, ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, true);
    Supplier<Deserializer<V>> value =
        () ->
            Deserializers.of(
                valueDeserializer, all, ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, false);
    Deserialization<K, V> deserialization =
        keyDeserializer == null && valueDeserializer == null
            ? new Deserialization<>(key, value)
            : new Deserialization<>(
                key.get(), value.get()); // there is one instance of a given deserializer
    unknown.warn();
    return deserialization;
  }

  /** Whether the consumer subscribes to a topic of this name. */
  boolean consumes(String topic) {
    Pattern known = pattern;
    return known == null ? topics.contains(topic) : known.matcher(topic).matches();
  }

  /** The topics, or the pattern, for people. */
  public List<String> subscription() {
    Pattern known = pattern;
    return known == null ? topics : List.of("pattern " + known);
  }

  /** Without the values of the properties, because they may contain secrets. */
  @Override
  public String toString() {
    return "ConsumerSettings[topics=%s, ordering=%s, properties=%s]"
        .formatted(subscription(), ordering, new TreeSet<>(properties.keySet()));
  }
}
