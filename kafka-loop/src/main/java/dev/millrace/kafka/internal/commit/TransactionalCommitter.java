package dev.millrace.kafka.internal.commit;

import dev.millrace.clock.internal.Time;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.internal.partition.Commit;
import dev.millrace.kafka.internal.partition.Commits;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Produced;
import dev.millrace.kafka.internal.settings.Burial;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.Refusals;
import dev.millrace.kafka.internal.settings.TransactionSettings;
import dev.millrace.kafka.internal.status.HealthCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * Commits the settled records and their outputs in one transaction, after a time or a number of
 * records. For the poll thread only. The poll thread waits for a transaction only when a partition
 * is revoked, and at the end.
 */
/*
 * At its start, a transaction asks the partitions for its content: the offset up to which they are
 * settled, and the outputs of the records before that offset. The partitions forget the outputs
 * when the transaction is committed. So the next transaction repeats an aborted one, in the same
 * order, and no handler runs again. The uncommitted outputs of a revoked partition are dropped with
 * it, and the next owner starts at the committed offset.
 *
 * The poll thread reads the generation of the group together with the assigned partitions. If the
 * partitions belong to another member when the transaction is committed, its generation is
 * outdated, and the broker refuses it.
 */
public final class TransactionalCommitter<K, V> implements CommitStrategy<K, V> {

  /**
   * The longest time that a poll waits for the outcome of a transaction. A later poll asks again.
   */
  private static final Duration MOMENT = Duration.ofMillis(500);

  /** The time that the thread of a transaction gets to notice the close of its producer. */
  private static final Duration AT_ONCE = Duration.ofMillis(100);

  private final Consumer<byte[], byte[]> consumer;
  private final ConsumerSettings<K, V> settings;
  private final CommitTimer<K, V> timer;
  private final HealthCheck health;
  private final java.util.function.Consumer<? super Exception> onError;
  private final @Nullable Burial burial;
  private final RefusedLetters refused;
  private final Backoff deadLetterBackoff;
  private final Transactions transactions;

  private @Nullable FutureTask<Transactions.Outcome> underWay;

  /** The thread of {@link #underWay}. */
  private @Nullable Thread thread;

  private List<Commit<K, V>> commits = List.of();
  private boolean torn;
  private @Nullable RuntimeException fatal;
  private boolean isUnresolved;
  private boolean isAllCommitted = true;
  private int unburied;

  /** Whether {@link #commitNow} leaves out the letters that were not accepted. */
  private boolean leavesOutHeld;

  public TransactionalCommitter(
      Consumer<byte[], byte[]> consumer,
      ConsumerSettings<K, V> settings,
      TransactionSettings transactional,
      HealthCheck health,
      java.util.function.Consumer<? super Exception> onError) {
    this.consumer = consumer;
    this.settings = settings;
    this.timer = new CommitTimer<>(settings);
    this.health = health;
    this.onError = onError;
    this.burial = transactional.burial();
    this.refused = transactional.refused();
    this.deadLetterBackoff = transactional.deadLetterBackoff();
    this.transactions = new Transactions(transactional.forRun(settings.group()));
    run(transactions::open);
  }

  @Override
  public Duration untilDue() {
    return underWay != null ? Duration.ZERO : timer.untilDue();
  }

  @Override
  public void commitIfDue(Collection<Partition<K, V>> partitions) {
    torn = false;
    boolean isFree = isFreeWithin(Duration.ZERO);
    if (fatal != null) {
      throw fatal;
    }
    if (!isFree || !timer.isDue(partitions, this::holdsMuch)) {
      return;
    }
    begin(partitions, MOMENT, true);
  }

  @Override
  public boolean areTorn() {
    return torn;
  }

  @Override
  public boolean isAllCommitted() {
    return isAllCommitted;
  }

  /** A partition that holds much would be paused until the interval ends. */
  private boolean holdsMuch(Partition<K, V> partition) {
    return partition.commits().holdsMuch(settings.lookAhead, settings.lookAheadBytes);
  }

  @Override
  public boolean commitNow(Collection<Partition<K, V>> partitions, Duration timeout) {
    long deadline = Time.nanoTime() + timeout.toNanos();
    boolean isFree = isFreeWithin(timeout);
    unburied = 0;
    for (int step = 0; isFree && fatal == null && step < steps(partitions); step++) {
      leavesOutHeld = unburied > 0;
      begin(partitions, Time.left(deadline), false);
      isFree = isFreeWithin(Time.left(deadline));
    }
    leavesOutHeld = false;
    isAllCommitted = isFree && fatal == null && toCommit(partitions).isEmpty();
    if (!isFree) {
      onError.accept(
          new KafkaException(
              "a transaction has not ended within %d ms: if it is not committed, its records will be redelivered"
                  .formatted(timeout.toMillis())));
    }
    return true; // a rebalance makes the transaction's generation stale: it is aborted
  }

  /**
   * One step opens the producer, one commits, and each partition may add one for a dead letter that
   * is not accepted. The steps after that leave out this letter, however short its delay is.
   */
  private int steps(Collection<?> partitions) {
    return 2 + Math.min(unburied, partitions.size());
  }

  /**
   * Begins a transaction, or opens a producer if there is none.
   *
   * @param timeout the longest wait for the outcome of the last transaction
   * @param mayStartAgain whether to begin nothing if records are torn
   */
  private void begin(
      Collection<Partition<K, V>> partitions, Duration timeout, boolean mayStartAgain) {
    timer.begin();
    if (!transactions.isOpen()) {
      run(() -> bury(transactions.open()));
      return;
    }
    if (isUnresolved) {
      resolve(timeout);
      if (isUnresolved) {
        return;
      }
    }
    ConsumerGroupMetadata group = consumer.groupMetadata();
    if (group.generationId() < 0) {
      return; // not a member: a broker would take this for a consumer without a group, and fence
      // nothing
    }
    commits = toCommit(partitions);
    if (commits.isEmpty() && !torn) { // the partitions of a failed transaction may be gone
      timer.failing(false);
      health.committed(null);
    } else if (!commits.isEmpty() && !(torn && mayStartAgain)) {
      List<Commit<K, V>> now = commits;
      run(() -> bury(transactions.run(now, group)));
    }
  }

  private void run(Callable<Transactions.Outcome> step) {
    var task = new FutureTask<>(step);
    thread = Thread.ofVirtual().name("millrace-transaction-" + settings.group()).start(task);
    underWay = task;
  }

  private List<Commit<K, V>> toCommit(Collection<Partition<K, V>> partitions) {
    List<Commit<K, V>> some = new ArrayList<>();
    var all = new JointCommits<>(partitions, leavesOutHeld);
    torn = all.areTorn();
    for (Commit<K, V> commit : all.commits()) {
      Commits<K, V> of = commit.partition().commits();
      if (of.isCommitted(commit.offset())) {
        of.committed(commit); // records are settled, but the first one is not
      } else {
        some.add(commit);
      }
    }
    return some;
  }

  private Transactions.Outcome bury(Transactions.Outcome outcome) {
    return switch (outcome) {
      case Transactions.Refused(Transactions.Failed output) -> refused(output);
      case Transactions.Unburied(List<Transactions.Failed> letters) -> hold(letters, outcome);
      case Transactions.Unknown(RuntimeException cause, List<Transactions.Failed> letters) ->
          hold(letters, outcome);
      default -> outcome;
    };
  }

  /** An output that the broker refuses is a failure of its source record. */
  private Transactions.Outcome refused(Transactions.Failed output) {
    Partition<?, ?> partition = output.partition();
    Produced produced = output.produced();
    var why = new KafkaException("the broker takes none of " + produced, output.cause());
    partition.observer().failed(DeadLetter.HANDLE);
    if (burial == null) {
      return new Transactions.Fatal(why);
    }
    if (produced.isOfPipeline()) {
      return RefusedOutputs.bury(output, burial, settings.group(), why);
    }
    var letter =
        new DeadLetter(
            produced.source(), DeadLetter.HANDLE, 1, output.cause(), settings.group(), null);
    try {
      Burial.Begun begun = burial.bury(letter);
      begun.safe().get();
      partition.commits().replace(new Produced(produced.source(), begun.produced(), letter));
    } catch (Exception e) {
      Exception cause =
          e instanceof ExecutionException && e.getCause() instanceof Exception known ? known : e;
      var unburied = new Produced(produced.source(), produced.records(), letter);
      RuntimeException stop =
          hold(new Transactions.Failed(partition, unburied, output.record(), cause));
      if (stop != null) {
        return new Transactions.Fatal(stop);
      }
    }
    return new Transactions.Aborted(why);
  }

  private Transactions.Outcome hold(
      List<Transactions.Failed> letters, Transactions.Outcome outcome) {
    for (Transactions.Failed letter : letters) {
      RuntimeException stop = hold(letter);
      if (stop != null) {
        return new Transactions.Fatal(stop);
      }
    }
    return outcome;
  }

  /**
   * Same behaviour as without transactions: the partition waits, and the letter is sent again.
   *
   * @return the failure that stops the loop; null if the loop goes on
   */
  private @Nullable RuntimeException hold(Transactions.Failed letter) {
    Partition<?, ?> partition = letter.partition();
    Produced produced = letter.produced();
    Exception cause = letter.cause();
    if (Refusals.contains(cause)) {
      switch (refused) {
        case RefusedLetters.Kept kept -> {}
        case RefusedLetters.Stopping stopping -> {
          var last =
              RecordFailedException.last(
                  produced.source(),
                  RecordFailedException.DEAD_LETTER,
                  partition.commits().attempts(produced) + 1,
                  "and the loop stops, as refusedLetters(…) says",
                  cause);
          return new KafkaException(last.getMessage(), cause);
        }
        case RefusedLetters.Second(DeadLetters second) -> {
          DeadLetter known = produced.letter();
          try {
            if (known != null) {
              second.begin(known).get();
              partition.commits().replace(new Produced(produced.source(), List.of(), known));
              return null;
            }
          } catch (Exception e) { // the letter is kept
            cause = e instanceof ExecutionException && e.getCause() instanceof Exception x ? x : e;
          }
        }
      }
    }
    int number = partition.commits().attempts(produced) + 1;
    Duration delay = deadLetterBackoff.delay(number, ThreadLocalRandom.current());
    var why =
        RecordFailedException.repeated(
            produced.source(),
            RecordFailedException.DEAD_LETTER,
            number,
            delay,
            Refusals.hint(letter.cause()),
            cause);
    partition.commits().hold(produced, delay, why);
    partition.observer().failed(RecordFailedException.DEAD_LETTER);
    onError.accept(why);
    return null;
  }

  /**
   * Waits for the transaction in progress, and handles its outcome. Returns whether no transaction
   * is in progress now.
   */
  private boolean isFreeWithin(Duration timeout) {
    FutureTask<Transactions.Outcome> task = underWay;
    if (task == null) {
      return true;
    }
    try {
      Transactions.Outcome outcome = Time.get(task, timeout.toNanos());
      underWay = null;
      see(outcome);
      return true;
    } catch (java.util.concurrent.TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      underWay = null;
      fatal = new KafkaException("a transaction has failed", e.getCause());
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    }
  }

  private void see(Transactions.Outcome outcome) {
    switch (outcome) {
      case Transactions.Committed committed -> {
        isUnresolved = false;
        succeeded(commits);
      }
      case Transactions.Opened opened -> {}
      case Transactions.Aborted(RuntimeException cause) -> failed(cause);
      case Transactions.Unburied(List<Transactions.Failed> letters) -> {
        timer.failing(true); // no commit has failed: the next one leaves out these letters
        unburied++;
      }
      case Transactions.Unknown(RuntimeException cause, List<Transactions.Failed> letters) -> {
        isUnresolved = true;
        failed(cause);
      }
      case Transactions.Refused(Transactions.Failed output) ->
          failed(
              new KafkaException(
                  output.toString(), output.cause())); // bury(…) has replaced this outcome
      case Transactions.Fatal(RuntimeException cause) -> {
        failed(cause);
        fatal = cause;
      }
    }
  }

  private void succeeded(List<Commit<K, V>> done) {
    timer.failing(false);
    health.committed(null);
    done.forEach(commit -> commit.partition().commits().committed(commit));
    settings.observer.committed(settings.group(), Duration.ofNanos(Time.nanoTime() - timer.last()));
  }

  private void failed(RuntimeException cause) {
    timer.failing(true);
    health.committed(cause);
    settings.observer.commitFailed(settings.group(), cause);
    onError.accept(cause);
  }

  /** Asks the broker whether the commits of an unanswered transaction were made. */
  private void resolve(Duration timeout) {
    Map<TopicPartition, Commit<K, V>> open = new HashMap<>();
    commits.forEach(commit -> open.put(commit.partition().name(), commit));
    Map<TopicPartition, OffsetAndMetadata> known;
    try {
      known = consumer.committed(open.keySet(), timeout);
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      failed(e);
      return;
    }
    isUnresolved = false;
    List<Commit<K, V>> done = new ArrayList<>();
    open.forEach(
        (name, commit) -> {
          OffsetAndMetadata offset = known.get(name);
          if (offset != null && offset.offset() >= commit.offset()) {
            done.add(commit);
          }
        });
    if (!done.isEmpty()) {
      succeeded(done);
    }
  }

  /**
   * Closes the producer, which makes most calls in progress fail. A call of {@code
   * initTransactions} goes on for {@code max.block.ms}, unless it is interrupted.
   */
  @Override
  public void close(Duration timeout) {
    long deadline = Time.nanoTime() + timeout.toNanos();
    transactions.close(timeout);
    Thread last = thread;
    if (!isFreeWithin(Time.left(deadline).plus(AT_ONCE)) && last != null) {
      last.interrupt();
      isFreeWithin(AT_ONCE);
    }
  }
}
