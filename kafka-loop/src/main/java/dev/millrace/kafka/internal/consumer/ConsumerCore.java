package dev.millrace.kafka.internal.consumer;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.NewHistory;
import dev.millrace.kafka.NewHistoryException;
import dev.millrace.kafka.NewHistoryException.Reason;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.Reading;
import dev.millrace.kafka.internal.cluster.Questions;
import dev.millrace.kafka.internal.cluster.TopicBook;
import dev.millrace.kafka.internal.commit.CommitStrategy;
import dev.millrace.kafka.internal.commit.Committer;
import dev.millrace.kafka.internal.commit.Positions;
import dev.millrace.kafka.internal.commit.TransactionalCommitter;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Start;
import dev.millrace.kafka.internal.serde.Deserialization;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.Gate;
import dev.millrace.kafka.internal.settings.Pauses;
import dev.millrace.kafka.internal.settings.TransactionSettings;
import dev.millrace.kafka.internal.start.StartFinder;
import dev.millrace.kafka.internal.start.Starts;
import dev.millrace.kafka.internal.start.TopicWatch;
import dev.millrace.kafka.internal.status.HealthCheck;
import dev.millrace.kafka.internal.status.Lags;
import dev.millrace.kafka.internal.text.Logs;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The work of a consumer around a poll, for all faces: it pauses full partitions, commits settled
 * records, handles rebalances, and finds missing positions. A face provides the thread that polls,
 * and the threads that take messages from the {@link #partitions}.
 *
 * <p>{@link #subscribe}, {@link #poll} and {@link #end} are for one thread, the poll thread. All
 * other methods are thread-safe.
 */
/*
 * The poll thread waits for the application only in a rebalance. Both exchange records through the
 * Partition objects. Before each poll, the pauses are computed from the fill of the partitions, and
 * compared with the paused partitions of the consumer. So the pauses are right even after a
 * rebalance that has cleared them. While a partition is full, polls are short, because only this
 * thread may resume it.
 */
public final class ConsumerCore<K, V> {

  /** Receives the events of the consumer for a face. No method may block. */
  public interface Listener {
    /** There may be messages to take. Called by any thread. */
    void ready();

    /** A failure that the consumer survives. Called by any thread. */
    void survived(Exception error);

    /** Partitions were assigned or revoked. Called by the poll thread. */
    void rebalanced(Notification change);

    /**
     * One turn of the poll thread: about every 100 ms, also while a rebalance waits for handlers.
     */
    default void turned() {}
  }

  private static final Logger LOG = LoggerFactory.getLogger(Logs.LOOP);

  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration POLL_SHORTLY = Duration.ofMillis(5);

  private final ConsumerSettings<K, V> settings;
  private final Listener listener;
  private final Deserialization<K, V> deserialization;
  private final Consumer<byte[], byte[]> consumer;
  private final CommitStrategy<K, V> committer;
  private final Questions questions;
  private final TopicWatch<K, V> topics;
  private final Starts<K, V> starts;
  private final Lags<K, V> lags;
  private final HealthCheck health;
  private final Pauses pauses;
  private final DelayedRecords<K, V> delayed;
  private final BackPressure<K, V> backPressure;
  private final Diagnosis<K, V> diagnosis;
  private final Seeks seeks = new Seeks(this::seekNow);
  private final Assignment<K, V> assignment;
  private final PollFailures<K, V> failures;
  private final @Nullable GivenPartitions<K, V> given;
  private volatile Runnable onEnd = () -> {};

  /** Receives the assignment; only for the poll thread. */
  private @Nullable ConsumerRebalanceListener rebalances;

  private volatile boolean stopped;
  private volatile boolean isAllCommitted = true;

  /** When {@link #end} must be over, as {@link System#nanoTime}; null if no deadline was set. */
  private volatile @Nullable Long endBy;

  private volatile @Nullable Thread poller;

  /** Creates the consumer of these checked settings. */
  public ConsumerCore(ConsumerSettings<K, V> settings, Listener listener) {
    this.settings = settings;
    this.listener = listener;
    Consumer<byte[], byte[]> first = settings.newConsumer();
    this.questions = orClose(first, () -> settings.newQuestions(first));
    this.consumer = PatientConsumer.around(RejoiningConsumer.around(first, settings), settings);
    this.deserialization = orClose(consumer, settings::newDeserialization);
    var book = new TopicBook(questions);
    this.health = new HealthCheck(settings.stuckAfter, settings.lagLimit);
    this.pauses = Objects.requireNonNullElseGet(settings.pauses, Pauses::new);
    var finder = new StartFinder(questions, book, settings, listener::survived);
    this.starts = new Starts<>(consumer, questions, finder, owner(), listener::survived);
    this.topics = new TopicWatch<>(book, starts, settings, questions.isBlocking());
    this.lags = new Lags<>(consumer, questions, settings.isolation());
    this.committer = newCommitter(book);
    Reading reading = settings.reading;
    this.given =
        reading == null
            ? null
            : new GivenPartitions<>(
                reading, consumer, questions, settings.isolation(), () -> onEnd.run());
    this.delayed = new DelayedRecords<>(settings.delays);
    this.backPressure =
        new BackPressure<>(
            consumer,
            settings,
            pauses,
            partition -> delayed.holds(partition) || (given != null && given.isRead(partition)));
    this.diagnosis = new Diagnosis<>(settings, consumer, health, pauses, listener);
    this.assignment =
        new Assignment<>(
            settings, deserialization, committer, starts, health, backPressure, listener);
    this.failures =
        new PollFailures<>(settings, consumer, assignment, starts, health, diagnosis, listener);
  }

  private CommitStrategy<K, V> newCommitter(TopicBook book) {
    TransactionSettings transactions = settings.transactions;
    if (settings.reading != null) {
      return new Positions<>(settings.reading, settings, listener::survived);
    }
    return transactions == null
        ? new Committer<>(consumer, settings, book, health, listener::survived)
        : new TransactionalCommitter<>(
            consumer, settings, transactions, health, listener::survived);
  }

  /** Sets the function to call when a consumer with an end has reached it. */
  public void onEnd(Runnable action) {
    onEnd = action;
  }

  /** Closes the consumer if one of its parts cannot be created; no other code would close it. */
  private static <T> T orClose(Consumer<?, ?> consumer, Supplier<T> maker) {
    try {
      return maker.get();
    } catch (RuntimeException e) {
      consumer.close(CloseOptions.timeout(Duration.ZERO));
      throw e;
    }
  }

  private Starts.Owner<K, V> owner() {
    return new Starts.Owner<>() {
      @Override
      public Partition<K, V> beginAgain(Partition<K, V> partition) {
        return assignment.beginAgain(partition);
      }

      @Override
      public boolean has(Partition<K, V> partition) {
        return assignment.get(partition.name()) == partition;
      }

      @Override
      public void began(NewHistoryException history) {
        ConsumerCore.this.began(history);
      }
    };
  }

  /** A live view of the partitions; other threads change it. */
  public Collection<Partition<K, V>> partitions() {
    return assignment.partitions();
  }

  /** The partitions that the application has paused. */
  public Pauses pauses() {
    return pauses;
  }

  /** Tells the face that there may be new messages to take. */
  public void ready() {
    listener.ready();
  }

  /** Hands out messages of these again. */
  public void resume(Collection<TopicPartition> names) {
    pauses.remove(names);
    listener.ready();
  }

  /** The health now. */
  public Health health() {
    Gate gate = settings.gate;
    return health.now(
        partitions(), pauses, backPressure.full(), gate == null ? null : gate.breaker());
  }

  /** The progress of each partition. */
  public List<PartitionStatus> status() {
    return partitions().stream().map(backPressure::status).toList();
  }

  /**
   * Waits until the poll thread has set the position.
   *
   * @throws IllegalStateException if the partition is not assigned, or the consumer is closed
   */
  public void seek(TopicPartition name, long offset) throws InterruptedException {
    seeks.seek(name, offset);
  }

  /**
   * Like {@link #seek}, but does not wait: for callers that the poll thread may wait for. If the
   * position cannot be set, the listener receives the failure.
   *
   * @throws IllegalStateException if the consumer is closed
   */
  public void seekLater(TopicPartition name, long offset) {
    seeks.seekLater(name, offset, listener::survived);
  }

  /** Rebalances stop waiting for messages. The caller should stop polling and call {@link #end}. */
  public void stop() {
    stopped = true;
    assignment.stop();
  }

  /**
   * Like {@link #stop()}, with a deadline for {@link #end}.
   *
   * @param deadline as {@link System#nanoTime}
   */
  public void stop(long deadline) {
    endBy = deadline;
    stop();
  }

  /** Whether the commit at the end was complete. */
  public boolean isAllCommitted() {
    return isAllCommitted;
  }

  /** How long {@link #end} may take. */
  public Duration closeTimeout() {
    return settings.closeTimeout;
  }

  /**
   * Whether the calling thread is the poll thread. Code in that thread must not wait for the poll
   * thread.
   */
  public boolean isPollThread() {
    return Thread.currentThread() == poller;
  }

  /** Whether {@link #stop()} was called. */
  public boolean isStopped() {
    return stopped;
  }

  /**
   * Kafka's consumer, for the poll thread. Callers must not poll, pause, seek or commit with it.
   */
  public Consumer<byte[], byte[]> consumer() {
    return consumer;
  }

  /** Subscribes. The next polls join the group. */
  public void subscribe() {
    subscribeWith(assignment);
  }

  /** The same, with a second listener. It is called when a rebalance has been handled. */
  public void subscribe(ConsumerRebalanceListener then) {
    subscribeWith(new BothListeners(assignment, then));
  }

  private void subscribeWith(ConsumerRebalanceListener callbacks) {
    topics.begin();
    poller = Thread.currentThread();
    Pattern pattern = settings.pattern;
    rebalances = callbacks;
    if (given != null) {
      LOG.debug("the partitions are assigned by the next polls");
    } else if (pattern == null) {
      consumer.subscribe(settings.topics, callbacks);
    } else {
      consumer.subscribe(pattern, callbacks);
    }
  }

  /** Polls once, and does all work before and after the poll. Blocks for about 100 ms. */
  public void poll() {
    poller = Thread.currentThread();
    listener.turned();
    if (given != null && !assign(given)) {
      return;
    }
    seeks.run();
    topics.run(partitions());
    try {
      if (starts.run()) {
        committer.commitIfDue(partitions()); // before anything can move the positions
      }
    } catch (AuthorizationException | AuthenticationException | RetriableException e) {
      failures.survive(e);
    }
    if (delayed.release(partitions())) {
      listener.ready();
    }
    try {
      backPressure.pauseWhatIsFull(partitions());
    } catch (RetriableException e) { // the next turn repeats it
      failures.survive(e);
    }
    health.polled();
    diagnosis.look(partitions());
    try {
      ConsumerRecords<byte[], byte[]> records = consumer.poll(pollTimeout());
      assignment.throwRefusal();
      records.nextOffsets().forEach((name, next) -> add(name, records.records(name), next));
      if (!records.isEmpty()) {
        listener.ready();
      }
      lags.askIfDue(partitions());
    } catch (KafkaException e) {
      failures.pollFailed(e);
    }
    committer.commitIfDue(partitions());
    if (committer.areTorn()) {
      handleAgain();
    }
  }

  /**
   * Goes back to the commits of all partitions, because outputs of some records can never be
   * committed. New records begin when the present ones have ended: otherwise outputs of both would
   * be torn, too. No commit is in progress.
   */
  private void handleAgain() {
    List<Partition<K, V>> before =
        partitions().stream().filter(partition -> !partition.isHeld()).toList();
    LOG.info(
        "group {}: the records of {} are handled again from their commits on, because they"
            + " have shared outputs with a partition that was released",
        settings.group(),
        before.stream().map(Partition::name).toList());
    for (Partition<K, V> partition : before) {
      beginAt(partition.commits().uncommittedFrom(), partition).after(before);
    }
  }

  private Partition<K, V> beginAt(long offset, Partition<K, V> partition) {
    consumer.seek(partition.name(), offset);
    Partition<K, V> fresh = assignment.beginAgain(partition);
    fresh.start(Start.at(offset, partition.commits().origin()));
    return fresh;
  }

  private boolean assign(GivenPartitions<K, V> partitions) {
    health.polled();
    try {
      if (partitions.assign(Objects.requireNonNull(rebalances))) {
        partitions.look(partitions());
        return true;
      }
    } catch (KafkaException e) {
      failures.survive(e);
    }
    Time.parkNanos(this, POLL_SHORTLY.toNanos());
    return false;
  }

  private void began(NewHistoryException history) {
    settings.observer.newHistory(settings.group(), history);
    listener.survived(history);
  }

  private Duration pollTimeout() {
    Duration longest =
        starts.areOpen() ? POLL_SHORTLY : delayed.untilDue(backPressure.pollTimeout(POLL));
    Duration untilCommit = committer.untilDue();
    if (!untilCommit.isPositive()) {
      return POLL_SHORTLY; // a commit is in progress: its answer arrives in a poll
    }
    return untilCommit.compareTo(longest) < 0 ? untilCommit : longest;
  }

  private void add(
      TopicPartition name, List<ConsumerRecord<byte[], byte[]>> polled, OffsetAndMetadata behind) {
    List<ConsumerRecord<byte[], byte[]>> records =
        given == null ? polled : given.before(name, polled);
    OffsetAndMetadata next = given == null ? behind : given.before(name, behind);
    Partition<K, V> partition = assignment.get(name);
    if (partition == null) {
      return;
    }
    if (!records.isEmpty() && partition.wouldGoBack(records.getFirst().offset())) {
      long first = records.getFirst().offset();
      var history =
          new NewHistoryException(name, Reason.TRUNCATED, partition.position(), first, null);
      if (settings.newHistory() == NewHistory.STOP) {
        throw history;
      }
      began(history);
      partition = assignment.beginAgain(partition);
    }
    if (settings.hotKeys != null) {
      settings.hotKeys.add(records);
    }
    delayed.add(partition, records, next);
  }

  /** Sets the position; for the poll thread. */
  public void seekNow(TopicPartition name, long offset) {
    Partition<K, V> partition = assignment.get(name);
    if (partition == null) {
      throw new IllegalStateException(
          name + " is not assigned to this member; these are: " + assignment.names());
    }
    if (settings.transactions != null) { // the outputs of handled records are not produced yet
      committer.commitNow(List.of(partition), settings.closeTimeout);
    }
    var _ = beginAt(offset, partition);
  }

  /**
   * Commits the settled records, leaves the group, and closes the consumer. Blocks for {@code
   * closeTimeout} at most.
   *
   * @param cause the failure of the consumer; null if it did not fail
   * @return the same, or the failure of the end
   */
  public @Nullable Throwable end(@Nullable Throwable cause) {
    stop();
    diagnosis.close();
    seeks.close();
    long deadline = deadline();
    assignment.endBy(deadline);
    var steps = new EndSteps(settings.group(), cause);
    steps.step("commit what is settled", () -> commitAtEnd(Time.left(deadline).dividedBy(2)));
    steps.step("leave the group", () -> consumer.close(CloseOptions.timeout(Time.left(deadline))));
    isAllCommitted = committer.isAllCommitted();
    steps.step("end the last commit", () -> committer.close(Time.left(deadline)));
    steps.step("close the client that asks the cluster", questions::close);
    steps.step("close the deserializers", deserialization::close);
    steps.step("release the partitions", assignment::forgetAll);
    health.ended(steps.failure());
    return steps.failure();
  }

  private long deadline() {
    long own = Time.nanoTime() + settings.closeTimeout.toNanos();
    Long given = endBy;
    return given != null && given - own < 0 ? given : own;
  }

  /** Kafka refuses commits during a rebalance, and only polls complete the rebalance. */
  private void commitAtEnd(Duration timeout) {
    long deadline = Time.nanoTime() + timeout.toNanos();
    while (!committer.commitNow(partitions(), Time.left(deadline))
        && Time.left(deadline).isPositive()) {
      consumer.pause(consumer.assignment());
      consumer.poll(POLL); // records of a partition assigned now are never committed
    }
  }
}
