package dev.millrace.kafka.internal.start;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.NewHistoryException;
import dev.millrace.kafka.internal.cluster.Origin;
import dev.millrace.kafka.internal.cluster.Questions;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Start;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;

/**
 * Sets the position of each partition without one, as soon as {@link StartFinder} has found it. For
 * the poll thread only.
 */
/*
 * The poll thread waits for answers only in a rebalance, and only for a moment, in which most
 * answers arrive. Until its answer arrives, a partition is held: it is paused, and has a position
 * that is never read. So Kafka's consumer does not fetch from it, and does not look for a position
 * itself. That search would make all partitions wait for one whose leader is away. An answer is for
 * one ownership. It is dropped if the partition was revoked, or has got a position in another way.
 *
 * Questions to a consumer of the application block the poll thread. So a turn begins no further
 * question after MOMENT, and the partition that got no answer is asked for last. Otherwise a broker
 * that is away would hold up the polls and the end of the loop, once for each partition.
 */
public final class Starts<K, V> {

  private static final Duration MOMENT = Duration.ofMillis(200);
  private static final Duration ASK_AGAIN = Duration.ofMillis(500);
  private static final long NEVER_READ = 0;

  /** The owner of the partitions. */
  public interface Owner<K, V> {
    /** Replaces the present ownership of this partition by a new one, without any knowledge. */
    Partition<K, V> beginAgain(Partition<K, V> partition);

    /** Whether this is the present ownership of its partition. */
    boolean has(Partition<K, V> partition);

    /** A new history has begun. */
    void began(NewHistoryException history);
  }

  private final class Open {
    private final Partition<K, V> partition;
    private final Supplier<CompletableFuture<Start>> question;
    private CompletableFuture<Start> answer;
    private long askAgain = Time.nanoTime();

    Open(Partition<K, V> partition, Supplier<CompletableFuture<Start>> question) {
      this.partition = partition;
      this.question = question;
      this.answer = NOT_ASKED;
    }

    void ask() {
      answer = question.get();
    }
  }

  private static final CompletableFuture<Start> NOT_ASKED = new CompletableFuture<>();

  private final Consumer<?, ?> consumer;
  private final Questions questions;
  private final StartFinder finder;
  private final Owner<K, V> owner;
  private final java.util.function.Consumer<? super Exception> report;

  /** In the order in which the partitions are asked for. */
  private final Map<TopicPartition, Open> open = new LinkedHashMap<>();

  public Starts(
      Consumer<?, ?> consumer,
      Questions questions,
      StartFinder finder,
      Owner<K, V> owner,
      java.util.function.Consumer<? super Exception> report) {
    this.consumer = consumer;
    this.questions = questions;
    this.finder = finder;
    this.owner = owner;
    this.report = report;
  }

  /** These partitions were assigned, in the present poll. */
  public void assigned(Collection<Partition<K, V>> partitions) {
    Map<TopicPartition, Partition<K, V>> byName = new HashMap<>();
    partitions.forEach(partition -> byName.put(partition.name(), partition));
    Map<TopicPartition, CompletableFuture<Start>> answers =
        questions.isBlocking() ? Map.of() : finder.assigned(byName.keySet());
    List<Open> asked = new ArrayList<>();
    for (Partition<K, V> partition : partitions) {
      TopicPartition name = partition.name();
      Open one = hold(partition, () -> finder.assigned(Set.of(name)).get(name));
      one.answer = answers.getOrDefault(name, NOT_ASKED);
      asked.add(one);
    }
    awaitForAMoment(answers.values());
    asked.forEach(
        one -> {
          if (one.answer.isDone() && !one.answer.isCompletedExceptionally()) {
            try {
              begin(one.partition, one.answer.join());
              open.remove(one.partition.name());
            } catch (RetriableException e) {
              report.accept(e); // the next turn repeats it
            }
          }
        });
    Set<TopicPartition> held = new HashSet<>(byName.keySet());
    held.retainAll(open.keySet());
    consumer.pause(held);
    held.forEach(name -> consumer.seek(name, NEVER_READ));
  }

  private Open hold(Partition<K, V> partition, Supplier<CompletableFuture<Start>> question) {
    partition.hold();
    var one = new Open(partition, question);
    open.put(partition.name(), one);
    return one;
  }

  private static void awaitForAMoment(Collection<CompletableFuture<Start>> answers) {
    try {
      var _ =
          Time.get(
              CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)), MOMENT.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    } catch (ExecutionException | TimeoutException e) {
      // handled at the next turn
    }
  }

  /** Whether there is a partition without a position. */
  public boolean areOpen() {
    return !open.isEmpty();
  }

  /**
   * Sets the positions that are known now. Returns whether there were any.
   *
   * @throws KafkaException if a position can never be known
   */
  public boolean run() {
    if (open.isEmpty()) {
      return false;
    }
    boolean some = false;
    long moment = Time.nanoTime() + MOMENT.toNanos();
    List<Open> done = new ArrayList<>();
    for (Iterator<Open> all = open.values().iterator(); all.hasNext(); ) {
      Open one = all.next();
      if (!owner.has(one.partition) || !one.partition.isHeld()) {
        all.remove();
        continue;
      }
      long now = Time.nanoTime();
      boolean mayAsk = !questions.isBlocking() || now - moment < 0;
      if (mayAsk && one.answer == NOT_ASKED && one.askAgain - now <= 0) {
        one.ask();
      }
      if (one.answer.isDone()) {
        done.add(one);
      }
    }
    for (Open one : done) {
      some |= settle(one);
    }
    return some;
  }

  private boolean settle(Open one) {
    Start start;
    try {
      start = one.answer.join();
    } catch (CompletionException e) {
      askAgain(one, Objects.requireNonNullElse(e.getCause(), e));
      return false;
    }
    begin(one.partition, start); // it may fail, and is then repeated
    open.remove(one.partition.name());
    return true;
  }

  private void askAgain(Open one, Throwable failure) {
    one.answer = NOT_ASKED; // always: a refused right may be granted later
    one.askAgain = Time.nanoTime() + ASK_AGAIN.toNanos();
    TopicPartition name = one.partition.name();
    open.remove(name);
    open.put(name, one);
    if (!(failure instanceof RetriableException)) {
      throw failure instanceof KafkaException known
          ? known
          : new KafkaException("where " + name + " begins is not known", failure);
    }
    report.accept(
        new KafkaException(
            "where %s begins is not known, and is asked again: %s"
                .formatted(name, failure.getMessage()),
            failure));
  }

  private void begin(Partition<K, V> partition, Start start) {
    NewHistoryException change = start.change();
    consumer.seek(partition.name(), start.position());
    boolean isNew = change != null && partition.wouldGoBack(start.position().offset());
    (isNew ? owner.beginAgain(partition) : partition).start(start);
    if (change != null) {
      owner.began(change);
    }
  }

  /** Kafka's consumer has no position for these partitions, or one outside of the log. */
  public void lost(InvalidOffsetException problem, Collection<Partition<K, V>> partitions) {
    if (problem instanceof NoOffsetForPartitionException) {
      assigned(partitions);
      return;
    }
    Map<TopicPartition, Long> positions =
        problem instanceof OffsetOutOfRangeException outOfRange
            ? outOfRange.offsetOutOfRangePartitions()
            : Map.of();
    for (Partition<K, V> partition : partitions) {
      TopicPartition name = partition.name();
      long position = positions.getOrDefault(name, partition.position());
      Origin origin = partition.commits().origin();
      ask(partition, () -> finder.lost(name, position, origin, problem));
    }
  }

  /** The topic of this partition seems to have been created again since then. */
  void recreated(Partition<K, V> partition, Origin then) {
    long position = partition.position();
    ask(partition, () -> finder.recreated(partition.name(), position, then));
  }

  private void ask(Partition<K, V> partition, Supplier<CompletableFuture<Start>> question) {
    Open one = hold(partition, question);
    consumer.pause(Set.of(partition.name()));
    consumer.seek(partition.name(), NEVER_READ);
    if (!questions.isBlocking()) {
      one.ask();
    }
  }
}
