package dev.millrace.kafka.internal.start;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.internal.cluster.Origin;
import dev.millrace.kafka.internal.cluster.TopicBook;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Checks from time to time whether the topics of the partitions are still the consumed ones. For
 * the poll thread only; does not block. Kafka's consumer itself would continue at the old offset of
 * a topic that was deleted and created again.
 */
public final class TopicWatch<K, V> {

  private static final Duration INTERVAL = Duration.ofSeconds(2);

  private final TopicBook book;
  private final Starts<K, V> starts;
  private final ConsumerSettings<?, ?> settings;
  private final boolean isIdle;
  private @Nullable CompletableFuture<Map<String, TopicBook.Entry>> answer;
  private long last = Time.nanoTime();

  /**
   * A watch for a consumer.
   *
   * @param isIdle whether the watch does nothing, because questions would block the poll thread
   */
  public TopicWatch(
      TopicBook book, Starts<K, V> starts, ConsumerSettings<?, ?> settings, boolean isIdle) {
    this.book = book;
    this.starts = starts;
    this.settings = settings;
    this.isIdle = isIdle;
  }

  /** The consumer is about to subscribe: the present topics count as older than this member. */
  public void begin() {
    if (!isIdle) {
      Pattern pattern = settings.pattern;
      CompletableFuture<?> _ =
          pattern == null ? book.begin(settings.topics) : book.begin(pattern.asMatchPredicate());
    }
  }

  /** Handles answers, and asks again if it is time. */
  public void run(Collection<Partition<K, V>> partitions) {
    CompletableFuture<Map<String, TopicBook.Entry>> asked = answer;
    if (asked != null && asked.isDone()) {
      answer = null;
      if (!asked.isCompletedExceptionally()) { // a failed question is asked again
        Map<String, TopicBook.Entry> now = asked.join();
        partitions.forEach(partition -> look(partition, now.get(partition.name().topic())));
      }
    }
    if (isIdle || answer != null || Time.nanoTime() - last < INTERVAL.toNanos()) {
      return;
    }
    last = Time.nanoTime();
    Set<String> names = new HashSet<>();
    partitions.forEach(partition -> names.add(partition.name().topic()));
    if (!names.isEmpty()) {
      answer = book.ask(names);
    }
  }

  private void look(Partition<K, V> partition, TopicBook.@Nullable Entry now) {
    partition.commits().topicIsGone(now == null);
    Origin then = partition.commits().origin();
    if (now == null || now.origin() == null || then == null || partition.isHeld()) {
      return;
    }
    if (then.isReplacedBy(now.origin())) {
      starts.recreated(partition, then);
    }
  }
}
