package dev.millrace.testkit.chaos;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Runs a handler in Millrace's loop against given records, without a broker. Members join, leave,
 * crash and exchange partitions as the test says. An oracle checks the {@linkplain Invariant
 * invariants}: no record is lost, the order of keys is kept, and a record is settled before its
 * offset is committed.
 *
 * <pre>{@code
 * try (var trial = LoopTrial.of(order -> orders.save(order.value())).partitions(2).start()) {
 *   trial.join();
 *   trial.join();
 *   trial.add("customer-1", "order 1");
 *   trial.crash();
 *   trial.verify();
 * }
 * }</pre>
 *
 * <p>All members share this JVM. A crashed member can commit nothing, its handlers are interrupted,
 * and its reports no longer count. But side effects of its handlers stay: a handler that goes on
 * after its interrupt is like one whose last call arrived before the crash.
 *
 * <p>Not thread-safe: one thread tells the story. The methods block until the members have done
 * what they say, at most as long as {@link Setup#patience} says. The brokers of {@link
 * ConsumerProof} are slower, and show more.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public final class LoopTrial<K, V> implements AutoCloseable {

  private static final Duration CLOSE = Duration.ofSeconds(10);

  private final Setup<K, V> setup;
  private final TrialTopic topic;
  private final List<TrialMember<K, V>> members = new ArrayList<>();
  private final List<TrialMember<K, V>> killed = new ArrayList<>();
  private final List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());
  private int names;
  private int shift;

  private LoopTrial(Setup<K, V> setup) {
    this.setup = setup;
    var bounds =
        new Bounds(
            Guarantee.AT_LEAST_ONCE,
            setup.ordering,
            Ordering.PARTITION,
            0,
            false,
            setup.concurrency,
            1,
            Long.MAX_VALUE,
            setup.patience,
            setup.patience,
            setup.patience,
            Duration.ZERO,
            Integer.MAX_VALUE - 1,
            0,
            false,
            false,
            EnumSet.complementOf(EnumSet.of(Invariant.FEW_DUPLICATES, Invariant.CLEAN_CLOSE)));
    var ledger = new Ledger(Plan.Contents.PLAIN, 0, bounds.outputs());
    this.topic = new TrialTopic(setup.partitions, new Oracle(bounds, LogLookup.KEEPS_ALL, ledger));
  }

  /** A trial of a handler for keys and values of text. */
  public static Setup<String, String> of(RecordHandler<String, String> handler) {
    return of(new StringDeserializer(), new StringDeserializer(), handler);
  }

  /** A trial of a handler. */
  public static <K, V> Setup<K, V> of(
      Deserializer<K> key, Deserializer<V> value, RecordHandler<K, V> handler) {
    return new Setup<>(key, value, handler);
  }

  /** The settings of a trial. Not thread-safe. */
  public static final class Setup<K, V> {
    private final Deserializer<K> key;
    private final Deserializer<V> value;
    private final RecordHandler<K, V> handler;
    private int partitions = 2;
    private int concurrency = 16;
    private boolean onReactor;
    private Duration patience = Duration.ofSeconds(30);
    private Ordering ordering = Ordering.KEY;
    private UnaryOperator<LoopBuilder<K, V, ?>> settings = UnaryOperator.identity();

    private Setup(Deserializer<K> key, Deserializer<V> value, RecordHandler<K, V> handler) {
      this.key = Objects.requireNonNull(key, "key");
      this.value = Objects.requireNonNull(value, "value");
      this.handler = Objects.requireNonNull(handler, "handler");
    }

    /** The number of partitions, from 1 to 1000. Default: 2. */
    public Setup<K, V> partitions(int number) {
      if (number < 1 || number > 1000) {
        throw new IllegalArgumentException("from 1 to 1000 partitions, but not " + number);
      }
      partitions = number;
      return this;
    }

    /** The order of the loop, which the oracle checks. Default: by key. */
    public Setup<K, V> ordering(Ordering kept) {
      ordering = Objects.requireNonNull(kept, "kept");
      return this;
    }

    /** The concurrency of the loop, which the oracle checks. Default: 16. */
    public Setup<K, V> concurrency(int handlers) {
      concurrency = handlers;
      return this;
    }

    /** The longest time that a method of the trial waits. Default: 30 s. */
    public Setup<K, V> patience(Duration longest) {
      if (!longest.isPositive()) {
        throw new IllegalArgumentException("the patience must be positive, not " + longest);
      }
      patience = longest;
      return this;
    }

    /** Runs the loop of Reactor, with a blocking handler. Default: the loop on channels. */
    public Setup<K, V> onReactor() {
      onReactor = true;
      return this;
    }

    /**
     * More settings of the loop, such as retries. The trial itself sets the handler, the topic, the
     * order, the concurrency, the observer, the dead letters, the consumer and the listeners.
     */
    public Setup<K, V> settings(UnaryOperator<LoopBuilder<K, V, ?>> more) {
      settings = Objects.requireNonNull(more, "more");
      return this;
    }

    /** A trial without members yet. */
    public LoopTrial<K, V> start() {
      return new LoopTrial<>(this);
    }

    private LoopBuilder<K, V, ?> builder(RecordHandler<K, V> watched) {
      LoopBuilder<K, V, ?> builder =
          onReactor
              ? ReactorKafkaLoop.<K, V>builder().blockingHandler(watched)
              : KafkaLoop.<K, V>builder().handler(watched);
      builder
          .deserializers(key, value)
          .commitInterval(Duration.ofMillis(10))
          .closeTimeout(Duration.ofSeconds(2));
      LoopBuilder<K, V, ?> more = settings.apply(builder);
      more.ordering(dev.millrace.kafka.Ordering.valueOf(ordering.name()));
      more.concurrency(concurrency);
      return more;
    }
  }

  /** Adds a record, with text in UTF-8, to the partition of its key. Returns at once. */
  public void add(String key, String value) {
    int partition = Math.floorMod(key.hashCode(), setup.partitions);
    add(partition, bytes(key), bytes(value));
  }

  /**
   * Adds a record to a partition. Returns at once.
   *
   * @throws IndexOutOfBoundsException if there is no such partition
   */
  public void add(int partition, byte[] key, byte[] value) {
    Objects.checkIndex(partition, setup.partitions);
    topic.add(partition, key, value, new String(key, StandardCharsets.UTF_8));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A member joins; partitions move to it. */
  public void join() throws InterruptedException {
    String name = "w" + ++names;
    var member = new TrialMember<K, V>(name, topic, setup.handler, letters::add, setup::builder);
    members.add(member);
    member.start();
    distribute();
  }

  /**
   * The oldest member ends in order: its handlers finish, and it commits.
   *
   * @throws IllegalStateException if there is no member
   */
  public void leave() throws InterruptedException {
    takeOldest().leave(CLOSE);
    distribute();
  }

  /**
   * The oldest member crashes, without a commit; the others get its partitions. Does not wait for
   * its handlers.
   *
   * @throws IllegalStateException if there is no member
   */
  public void crash() throws InterruptedException {
    TrialMember<K, V> member = takeOldest();
    member.kill();
    killed.add(member);
    distribute();
  }

  private TrialMember<K, V> takeOldest() {
    if (members.isEmpty()) {
      throw new IllegalStateException("there is no member: call join() before");
    }
    return members.removeFirst();
  }

  /** Each partition moves to the next member; with one member, it is revoked and comes back. */
  public void rebalance() throws InterruptedException {
    for (TrialMember<K, V> member : members) {
      if (members.size() == 1) {
        member.assign(List.of(), setup.patience);
      }
    }
    shift++;
    distribute();
  }

  /** First all members let go of the partitions that move, then the others get them. */
  private void distribute() throws InterruptedException {
    if (members.isEmpty()) {
      return;
    }
    Map<TrialMember<K, V>, List<TopicPartition>> shares = new HashMap<>();
    for (TopicPartition one : topic.partitions()) {
      var owner = members.get((one.partition() + shift) % members.size());
      shares.computeIfAbsent(owner, member -> new ArrayList<>()).add(one);
    }
    for (TrialMember<K, V> member : members) {
      member.keep(shares.getOrDefault(member, List.of()), setup.patience);
    }
    for (TrialMember<K, V> member : members) {
      member.assign(shares.getOrDefault(member, List.of()), setup.patience);
    }
  }

  /** The dead letters so far. */
  public List<DeadLetter> deadLetters() {
    synchronized (letters) {
      return List.copyOf(letters);
    }
  }

  /**
   * Waits until all records are committed; a member joins if there is none. Then all members end in
   * order, and the oracle gives its verdict. The end of the story.
   *
   * @throws AssertionError if an invariant is broken, with the history of the partition; or if not
   *     all is committed in time, with the state of the partitions and members
   */
  public void verify() throws InterruptedException {
    if (members.isEmpty()) {
      join();
    }
    long deadline = System.nanoTime() + setup.patience.toNanos();
    while (!topic.isCommitted() && topic.violations().isEmpty()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not all records are committed: " + this);
      }
      Thread.sleep(5); // there is nothing to be notified by
    }
    check(topic.violations());
    while (!members.isEmpty()) {
      leave();
    }
    for (DeadLetter letter : deadLetters()) {
      topic.letter(letter.record().partition(), letter.record().offset());
    }
    check(topic.end());
  }

  private static void check(List<Violation> violations) {
    if (!violations.isEmpty()) {
      throw new AssertionError(violations.getFirst().toString());
    }
  }

  /** Kills the members that are left, and waits until their threads have ended. */
  @Override
  public void close() throws InterruptedException {
    members.forEach(TrialMember::kill);
    killed.addAll(members);
    members.clear();
    for (TrialMember<K, V> member : killed) {
      member.await(CLOSE);
    }
  }

  /** The state of the partitions and of the members. */
  @Override
  public String toString() {
    return topic + members.stream().map(one -> "; " + one).collect(Collectors.joining());
  }
}
