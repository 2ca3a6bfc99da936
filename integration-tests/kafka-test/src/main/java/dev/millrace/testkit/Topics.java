package dev.millrace.testkit;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Creates topics that accept records at once. */
public final class Topics {

  private Topics() {}

  /**
   * Creates the topics; blocks until the leader of each of their partitions answers for it.
   *
   * <p>A broker names itself the leader of a new partition a moment before it accepts records for
   * it. In that moment the broker may refuse a producer's first batch and accept the second one. It
   * then takes the second batch for the beginning of the producer's sequence, and refuses the first
   * batch at each retry: the producer stands still until its delivery timeout. A request for
   * offsets takes the same way through the broker as a record, and may be repeated.
   *
   * @throws ExecutionException if the broker refuses one of the topics, with the cause
   */
  public static void create(Admin admin, Collection<NewTopic> topics)
      throws ExecutionException, InterruptedException {
    admin.createTopics(topics).all().get();
    Set<TopicPartition> partitions = new HashSet<>();
    for (NewTopic topic : topics) {
      while (!describe(admin, topic.name(), partitions)) {
        Thread.sleep(20); // there is nothing to be notified by
      }
    }
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    partitions.forEach(partition -> ends.put(partition, OffsetSpec.latest()));
    while (!answersForAll(admin, ends)) {
      Thread.sleep(20); // there is nothing to be notified by
    }
  }

  /** Returns false if a broker of a cluster does not know the topic yet. */
  private static boolean answersForAll(Admin admin, Map<TopicPartition, OffsetSpec> ends)
      throws ExecutionException, InterruptedException {
    try {
      admin.listOffsets(ends).all().get();
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Adds the topic's partitions. Returns false if the asked broker does not know the topic yet, or
   * a partition has no leader.
   */
  private static boolean describe(Admin admin, String name, Set<TopicPartition> partitions)
      throws ExecutionException, InterruptedException {
    try {
      var topic =
          admin.describeTopics(List.of(name)).allTopicNames().get().values().iterator().next();
      topic.partitions().forEach(p -> partitions.add(new TopicPartition(name, p.partition())));
      return topic.partitions().stream().allMatch(partition -> partition.leader() != null);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return false;
      }
      throw e;
    }
  }
}
