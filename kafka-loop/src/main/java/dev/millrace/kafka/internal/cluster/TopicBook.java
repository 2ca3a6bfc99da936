package dev.millrace.kafka.internal.cluster;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * The topics as this member has seen them since its start. Thread-safe, as its {@link Questions}
 * are.
 */
public final class TopicBook {

  /**
   * A topic.
   *
   * @param origin null if the brokers tell no id
   * @param partitions the number of partitions; 0 if the topic does not exist
   */
  public record Entry(@Nullable Origin origin, int partitions) {}

  private static final Entry MISSING = new Entry(null, 0);

  private final Questions questions;
  private final Map<String, Entry> first = new ConcurrentHashMap<>();
  private volatile boolean isComplete;
  private volatile CompletableFuture<String> cluster = CompletableFuture.completedFuture("");

  public TopicBook(Questions questions) {
    this.questions = questions;
  }

  /** Asks for these topics; the answer has no entry for one that does not exist. */
  public CompletableFuture<Map<String, Entry>> ask(Collection<String> names) {
    return questions.topics(names).thenCombine(askForCluster(), (known, id) -> entries(known, id));
  }

  /** The same, and remembers the answer as the state at the start of this member. */
  public CompletableFuture<Map<String, Entry>> begin(Collection<String> names) {
    return ask(names)
        .thenApply(
            entries -> {
              names.forEach(
                  name ->
                      first.putIfAbsent(
                          name, isComplete ? MISSING : entries.getOrDefault(name, MISSING)));
              return entries;
            });
  }

  /** The same for all present topics that match. A topic that appears later is new. */
  public CompletableFuture<Map<String, Entry>> begin(Predicate<String> matches) {
    return questions
        .names()
        .thenCompose(names -> begin(names.stream().filter(matches).toList()))
        .thenApply(
            entries -> {
              isComplete = true;
              return entries;
            });
  }

  /** The topics of these that do not exist. Empty if no broker answers within the timeout. */
  public Set<String> missing(Set<String> names, Duration timeout) {
    if (questions.isBlocking()) {
      return Set.of(); // it knows nothing of topics
    }
    try {
      Set<String> missing = new HashSet<>(names);
      missing.removeAll(Time.get(ask(names), timeout.toNanos()).keySet());
      return missing;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    } catch (ExecutionException | TimeoutException e) {
      return Set.of();
    }
  }

  private CompletableFuture<String> askForCluster() {
    CompletableFuture<String> known = cluster;
    if (known.isDone() && known.join().isEmpty()) { // it has not been asked, or there was no answer
      known = questions.cluster();
      cluster = known;
    }
    return known;
  }

  private static Map<String, Entry> entries(Map<String, Questions.Topic> known, String cluster) {
    Map<String, Entry> entries = new HashMap<>();
    known.forEach(
        (name, topic) -> {
          boolean hasId = !cluster.isEmpty() && !topic.id().equals(Uuid.ZERO_UUID);
          entries.put(
              name, new Entry(hasId ? Origin.of(cluster, topic.id()) : null, topic.partitions()));
        });
    return entries;
  }

  /**
   * The number of partitions of the topic at the start of this member; the present number if the
   * former one is unknown.
   */
  public int partitionsAtFirst(String name, Entry now) {
    Entry then = first.getOrDefault(name, now);
    if (then.origin() != null && now.origin() != null && !then.origin().isSame(now.origin())) {
      return 0; // another topic of that name
    }
    return Math.min(then.partitions(), now.partitions());
  }
}
