package dev.millrace.kafka.internal;

import dev.millrace.kafka.ClusterProblemException;
import dev.millrace.kafka.Front;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Finds out why nothing comes: no broker answers, a topic is missing, a transaction is open. The
 * poll thread looks at what it knows without a question, and has a thread ask the cluster only if
 * that is not enough; it never waits for the answer.
 */
final class Diagnosis<K, V> {

  /** A cluster that is well has answered by then. */
  private static final Duration LONGEST_PATIENCE = Duration.ofSeconds(5);

  private static final Duration GLANCE = Duration.ofSeconds(1);

  private final ConsumerSettings<K, V> settings;
  private final Consumer<?, ?> consumer;
  private final HealthCheck health;
  private final Pauses pauses;
  private final ConsumerCore.Listener listener;
  private final ClusterQuestions questions;
  private final Duration patience;

  private long lastGlance = System.nanoTime();
  private long lastAsked = System.nanoTime();
  private double bytes = -1;
  private @Nullable Metric incoming;
  private @Nullable Thread asking;

  /** Which topics were there when somebody looked last. */
  private Set<String> assigned = Set.of();

  private volatile boolean verified;
  private volatile String told = "";

  /** Positions behind which something is hidden, and since when. */
  private volatile Map<TopicPartition, Hidden> hidden = Map.of();

  private record Hidden(long position, long since) {}

  Diagnosis(
      ConsumerSettings<K, V> settings,
      Consumer<?, ?> consumer,
      HealthCheck health,
      Pauses pauses,
      ConsumerCore.Listener listener) {
    this.settings = settings;
    this.consumer = consumer;
    this.health = health;
    this.pauses = pauses;
    this.listener = listener;
    this.questions = new ClusterQuestions(settings);
    Duration half = settings.stuckAfter.dividedBy(2);
    this.patience = half.compareTo(LONGEST_PATIENCE) < 0 ? half : LONGEST_PATIENCE;
  }

  /** Looks once a second; for the poll thread. */
  void look(Collection<Partition<K, V>> partitions, Set<TopicPartition> full) {
    long now = System.nanoTime();
    if (now - lastGlance < Math.min(GLANCE.toNanos(), patience.toNanos())) {
      return;
    }
    lastGlance = now;
    listen();
    boolean isDue = now - lastAsked >= patience.toNanos();
    if (!isDue || (asking != null && asking.isAlive())) {
      return;
    }
    Set<String> topics =
        partitions.stream().map(one -> one.name().topic()).collect(Collectors.toSet());
    if (!topics.equals(assigned)) {
      assigned = topics;
      verified = settings.pattern == null ? topics.containsAll(settings.topics) : !topics.isEmpty();
    }
    boolean isWell = health.isInGroup() && !health.isSilent() && verified;
    if (!isWell || !told.isEmpty()) {
      ask(this::askForProblems);
    } else if (settings.readsCommittedOnly()
        && now - lastAsked >= settings.stuckAfter.dividedBy(2).toNanos()) {
      Map<TopicPartition, Long> idle = idle(partitions, full);
      if (!idle.isEmpty()) {
        ask(() -> askForTransactions(idle));
      } else {
        hidden = Map.of();
        health.behindTransactions(List.of());
      }
    }
  }

  /** Whether a broker has sent something: heartbeats are answered, though nothing is fetched. */
  private void listen() {
    Metric known = incoming;
    if (known == null) {
      known =
          consumer.metrics().values().stream()
              .filter(one -> one.metricName().name().equals("incoming-byte-total"))
              .filter(one -> one.metricName().group().equals("consumer-metrics"))
              .findFirst()
              .orElse(null);
      incoming = known;
    }
    double sum = known != null && known.metricValue() instanceof Double total ? total : Double.NaN;
    if (sum != bytes) { // or nobody knows: then it is always another number
      bytes = sum;
      health.heard();
    }
  }

  /** The positions of the partitions that have nothing to handle, and may be read. */
  private Map<TopicPartition, Long> idle(
      Collection<Partition<K, V>> partitions, Set<TopicPartition> full) {
    Map<TopicPartition, Long> idle = new HashMap<>();
    for (Partition<K, V> partition : partitions) {
      TopicPartition name = partition.name();
      if (!pauses.contains(name) && !full.contains(name) && partition.front() == null) {
        long position = partition.nextToPoll();
        if (position >= 0) {
          idle.put(name, position);
        }
      }
    }
    return idle;
  }

  /** What the thread that asks does. */
  @FunctionalInterface
  private interface Question {
    void ask() throws InterruptedException;
  }

  private void ask(Question question) {
    lastAsked = System.nanoTime();
    asking =
        Thread.ofVirtual()
            .name("millrace-ask-" + settings.group())
            .start(
                () -> {
                  try {
                    question.ask();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt(); // the consumer ends
                  }
                });
  }

  private void askForProblems() throws InterruptedException {
    String problem = questions.problem();
    if (problem.isEmpty() && health.isInGroup()) {
      verified = true;
    }
    health.missing(problem);
    boolean isNew = !problem.equals(told);
    told = problem;
    if (isNew && !problem.isEmpty()) {
      listener.survived(new ClusterProblemException(problem));
    }
  }

  private void askForTransactions(Map<TopicPartition, Long> idle) throws InterruptedException {
    long now = System.nanoTime();
    Map<TopicPartition, Hidden> still = new HashMap<>();
    List<Front> fronts = new ArrayList<>();
    questions
        .ends(idle)
        .forEach(
            (name, end) -> {
              long position = idle.getOrDefault(name, 0L);
              Hidden before = hidden.get(name);
              var since =
                  before != null && before.position() == position
                      ? before
                      : new Hidden(position, now);
              still.put(name, since);
              Duration age = Duration.ofNanos(now - since.since());
              if (age.compareTo(settings.stuckAfter) >= 0) {
                fronts.add(ClusterQuestions.front(name, position, end, age));
              }
            });
    hidden = still;
    boolean isNew = health.behindTransactions(fronts);
    if (isNew) {
      listener.survived(
          new ClusterProblemException(
              fronts.stream().map(Front::toString).collect(Collectors.joining("; "))));
    }
  }

  /** Asks no more. */
  void close() {
    Thread thread = asking;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
