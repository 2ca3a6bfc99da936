package dev.millrace.kafka.internal.cluster;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * Asks with a consumer that the application provides, such as Kafka's mock. An admin client cannot
 * be used, because the addresses of the brokers are unknown. It knows no ids of topics. For the
 * poll thread only; a question blocks, at most for the timeout.
 */
public final class ConsumerQuestions implements Questions {

  /**
   * A question that begins just before the end delays the end. The search for a start asks three
   * questions at most, so that more than half of the close timeout is left for the last commit.
   */
  private static final int SHARE = 8;

  private final Consumer<?, ?> consumer;
  private final Duration timeout;

  /**
   * Questions to this consumer.
   *
   * @param closeTimeout how long the end of the consumer may take
   */
  public ConsumerQuestions(Consumer<?, ?> consumer, Duration closeTimeout) {
    this.consumer = consumer;
    this.timeout = closeTimeout.dividedBy(SHARE);
  }

  @Override
  public boolean isBlocking() {
    return true;
  }

  @Override
  public CompletableFuture<String> cluster() {
    return CompletableFuture.completedFuture("");
  }

  @Override
  public CompletableFuture<Set<String>> names() {
    return answer(() -> consumer.listTopics(timeout).keySet());
  }

  @Override
  public CompletableFuture<Map<String, Topic>> topics(Collection<String> names) {
    return CompletableFuture.completedFuture(Map.of());
  }

  @Override
  public Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> committed(
      Set<TopicPartition> names) {
    CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> all = committedByAll(names);
    Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> answers = new HashMap<>();
    names.forEach(
        name -> answers.put(name, all.thenApply(known -> Optional.ofNullable(known.get(name)))));
    return answers;
  }

  @Override
  public CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> committedByAll(
      Set<TopicPartition> names) {
    return answer(() -> consumer.committed(names, timeout));
  }

  @Override
  public Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> offsets(
      Map<TopicPartition, Place> places, IsolationLevel isolation) {
    long deadline = Time.nanoTime() + timeout.toNanos();
    Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> answers = new HashMap<>();
    places.forEach(
        (name, place) -> answers.put(name, answer(() -> offset(name, place, Time.left(deadline)))));
    return answers;
  }

  private Optional<OffsetAndMetadata> offset(TopicPartition name, Place place, Duration left) {
    if (place.equals(Place.FIRST)) {
      return found(consumer.beginningOffsets(Set.of(name), left).get(name));
    }
    if (place.equals(Place.END)) {
      return found(consumer.endOffsets(Set.of(name), left).get(name));
    }
    OffsetAndTimestamp found =
        consumer.offsetsForTimes(Map.of(name, place.timestamp()), left).get(name);
    return found(found == null ? null : found.offset());
  }

  private static Optional<OffsetAndMetadata> found(@Nullable Long offset) {
    return Optional.ofNullable(offset).map(OffsetAndMetadata::new);
  }

  private static <T> CompletableFuture<T> answer(Supplier<T> question) {
    try {
      return CompletableFuture.completedFuture(question.get());
    } catch (InterruptException e) {
      throw e;
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public void close() {}
}
