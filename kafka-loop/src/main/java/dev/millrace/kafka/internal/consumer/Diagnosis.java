package dev.millrace.kafka.internal.consumer;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.ClusterProblemException;
import dev.millrace.kafka.Front;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.Pauses;
import dev.millrace.kafka.internal.status.HealthCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Finds out why no records arrive: no broker answers, a topic is missing, a transaction is open.
 * The poll thread first looks at the facts that it knows. If they are not enough, a separate thread
 * asks the cluster. The poll thread never waits for the answer.
 */
final class Diagnosis<K, V> {

  /** A healthy cluster has answered after this time. */
  private static final Duration LONGEST_PATIENCE = Duration.ofSeconds(5);

  private static final Duration GLANCE = Duration.ofSeconds(1);

  private final ConsumerSettings<K, V> settings;
  private final Consumer<?, ?> consumer;
  private final HealthCheck health;
  private final Pauses pauses;
  private final ConsumerCore.Listener listener;
  private final ClusterQuestions questions;
  private final Duration patience;

  private long lastGlance = Time.nanoTime();
  private long lastAsked = Time.nanoTime();
  private double bytes = -1;
  private @Nullable Metric incoming;
  private @Nullable Thread asking;

  /** The topics of the assignment at the last look. */
  private Set<String> assigned = Set.of();

  private volatile boolean verified;
  private volatile String told = "";

  /**
   * The offsets whose open transactions were reported to the listener. Used only by the poll
   * thread.
   */
  private Map<TopicPartition, Long> hidden = Map.of();

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

  /** Looks once a second. For the poll thread. */
  void look(Collection<Partition<K, V>> partitions) {
    long now = Time.nanoTime();
    if (now - lastGlance < Math.min(GLANCE.toNanos(), patience.toNanos())) {
      return;
    }
    lastGlance = now;
    listen();
    tellTransactions(partitions);
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
      ask();
    }
  }

  /** Makes the diagnosis ask the cluster until no problem is left. */
  void doubt() {
    verified = false;
  }

  /**
   * Notices whether a broker has sent bytes. Brokers answer heartbeats even if nothing is fetched.
   */
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
    if (sum != bytes) { // NaN if the sum is unknown: it differs from every number
      bytes = sum;
      health.heard();
    }
  }

  /** Reports each transaction that has been open for too long and hides records; once. */
  private void tellTransactions(Collection<Partition<K, V>> partitions) {
    Map<TopicPartition, Long> still = new HashMap<>();
    List<Front> fresh = new ArrayList<>();
    for (Partition<K, V> partition : partitions) {
      Front front =
          pauses.contains(partition.name()) ? null : partition.progress().behindTransaction();
      if (front != null && front.age().compareTo(settings.stuckAfter) >= 0) {
        still.put(partition.name(), front.offset());
        if (!Objects.equals(hidden.get(partition.name()), front.offset())) {
          fresh.add(front);
        }
      }
    }
    hidden = still;
    if (!fresh.isEmpty()) {
      listener.survived(
          new ClusterProblemException(
              fresh.stream().map(Front::toString).collect(Collectors.joining("; "))));
    }
  }

  private void ask() {
    lastAsked = Time.nanoTime();
    asking =
        Thread.ofVirtual()
            .name("millrace-ask-" + settings.group())
            .start(
                () -> {
                  try {
                    askForProblems();
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

  /** Asks no more. */
  void close() {
    Thread thread = asking;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
