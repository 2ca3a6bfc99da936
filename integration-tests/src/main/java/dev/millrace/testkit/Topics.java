package dev.millrace.testkit;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;

/** Creates topics that can be written to at once. */
public final class Topics {

  private Topics() {}

  /**
   * Creates the topics; blocks until the leader of each of their partitions answers for it.
   *
   * <p>A broker names itself the leader of a new partition a moment before it takes records for it.
   * If a producer's first batch is refused in that moment and its second one is not, the broker
   * accepts the second as the beginning of the producer's sequence, and refuses the first one each
   * time that it is sent again: the producer stands still until its delivery timeout. To ask for
   * the offsets goes the same way through the broker as a record, and may be repeated.
   *
   * @throws ExecutionException if the broker refuses one of them, with the cause
   */
  public static void create(Admin admin, Collection<NewTopic> topics)
      throws ExecutionException, InterruptedException {
    List<String> names = topics.stream().map(NewTopic::name).toList();
    var created = admin.createTopics(topics);
    created.all().get();
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    for (String name : names) {
      int partitions = created.numPartitions(name).get();
      for (int partition = 0; partition < partitions; partition++) {
        ends.put(new TopicPartition(name, partition), OffsetSpec.latest());
      }
    }
    admin.listOffsets(ends).all().get(); // the client itself repeats it until the leader answers
  }
}
