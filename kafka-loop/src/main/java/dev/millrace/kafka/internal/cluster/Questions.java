package dev.millrace.kafka.internal.cluster;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Questions to the brokers about offsets and topics. Each partition has an answer of its own: a
 * leader that is away delays the answers about its partitions, and no others.
 *
 * <p>Thread-safe, unless {@link #isBlocking}. An answer fails with Kafka's exception; a question
 * without an answer fails with a {@link TimeoutException} after some seconds.
 */
public interface Questions extends AutoCloseable {

  /**
   * A topic as the brokers know it now.
   *
   * @param id changes when a topic is deleted and created again
   * @param partitions the number of its partitions
   */
  record Topic(Uuid id, int partitions) {}

  /**
   * A place in a log.
   *
   * @param timestamp of the first record whose own timestamp is not before this one, in
   *     milliseconds
   */
  record Place(long timestamp) {
    /** The first offset. */
    public static final Place FIRST = new Place(-2);

    /** The offset behind the last record. */
    public static final Place END = new Place(-1);
  }

  /** Whether a question blocks its caller: then the poll thread asks between its polls only. */
  default boolean isBlocking() {
    return false;
  }

  /** The id of the cluster; empty if the brokers do not report it. */
  CompletableFuture<String> cluster();

  /** The names of all topics that the consumer may know of. */
  CompletableFuture<Set<String>> names();

  /** The topics of these names that exist. */
  CompletableFuture<Map<String, Topic>> topics(Collection<String> names);

  /**
   * The committed offsets of the group, for these partitions. Waits for open transactions that
   * commit offsets.
   *
   * @return for each partition an answer, which is empty if nothing is committed
   */
  Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> committed(
      Set<TopicPartition> names);

  /**
   * The same for partitions that may belong to other members. Open transactions do not delay the
   * answer. The answer has no entry for a partition without a commit.
   */
  CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> committedByAll(
      Set<TopicPartition> names);

  /**
   * Offsets in the logs, with their leader epochs if those are known.
   *
   * @return for each partition an answer, which is empty if all records are older than the
   *     requested timestamp
   */
  Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> offsets(
      Map<TopicPartition, Place> places, IsolationLevel isolation);

  /** Open questions fail. Does not block. */
  @Override
  void close();
}
