package dev.millrace.testkit.chaos;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AccessControlEntryFilter;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Faults that requests to the cluster cause. All brokers must run. Not thread-safe. */
final class ClusterFaults {

  private static final String EVERYBODY = "User:ANONYMOUS";

  /** The number of questions to the cluster, one each 100 ms, until a change must be there. */
  private static final int ATTEMPTS = 300;

  private static final int MOST_PARTITIONS = 2 * Round.PARTITIONS;

  private final Brokers brokers;
  private final String topic;
  private int transactions;

  ClusterFaults(Brokers brokers, String topic) {
    this.brokers = brokers;
    this.topic = topic;
  }

  private Admin admin() {
    return brokers.admin();
  }

  /** Sets the bytes of the largest dead letter that the broker takes. */
  void largestLetter(int bytes) throws ExecutionException, InterruptedException {
    var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic + "-letters");
    var entry = new ConfigEntry("max.message.bytes", Integer.toString(bytes));
    admin()
        .incrementalAlterConfigs(
            Map.of(resource, List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET))))
        .all()
        .get();
  }

  /** The end of the log of a partition. */
  long end(int partition) throws ExecutionException, InterruptedException {
    var name = new TopicPartition(topic, partition);
    return admin()
        .listOffsets(Map.of(name, OffsetSpec.latest()))
        .partitionResult(name)
        .get()
        .offset();
  }

  /** Deletes the records of a partition before an offset. */
  void delete(int partition, long before) throws ExecutionException, InterruptedException {
    var name = new TopicPartition(topic, partition);
    admin().deleteRecords(Map.of(name, RecordsToDelete.beforeOffset(before))).all().get();
  }

  /**
   * Opens a transaction in a partition.
   *
   * @return aborts it
   */
  Repair hang(int partition) throws ExecutionException, InterruptedException {
    String id = "hanging-" + topic + "-" + ++transactions;
    KafkaProducer<byte[], byte[]> producer = stranger(id);
    producer.initTransactions();
    producer.beginTransaction();
    byte[] any = {1}; // a compacted topic takes no record without a key
    long offset = producer.send(new ProducerRecord<>(topic, partition, any, any)).get().offset();
    return () -> {
      try (producer) {
        producer.abortTransaction();
      } catch (KafkaException e) { // such as a time-out while its broker was away
        try (KafkaProducer<byte[], byte[]> second = stranger(id)) {
          second.initTransactions();
        }
      }
      awaitReadable(partition, offset);
    };
  }

  /**
   * Waits until readers of committed records can read beyond an offset. A broker that is killed
   * before it has written the marker of an abort may forget it.
   */
  private void awaitReadable(int partition, long offset)
      throws ExecutionException, InterruptedException {
    var name = new TopicPartition(topic, partition);
    var committed = new ListOffsetsOptions(IsolationLevel.READ_COMMITTED);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      var asked = admin().listOffsets(Map.of(name, OffsetSpec.latest()), committed);
      if (asked.partitionResult(name).get().offset() > offset) {
        return;
      }
      Thread.sleep(100); // there is nothing to be notified by
    }
    throw new IllegalStateException("the transaction at %s@%d stays open".formatted(name, offset));
  }

  private KafkaProducer<byte[], byte[]> stranger(String id) {
    Map<String, Object> properties =
        Map.of(
            "bootstrap.servers",
            brokers.bootstrapServers(),
            "client.id",
            id,
            "transactional.id",
            id,
            "transaction.timeout.ms",
            120_000,
            "reconnect.backoff.max.ms",
            300);
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * Deletes the group with its commits, as brokers do with a group that has had no members for a
   * long time. Waits until the sessions of killed members have ended.
   */
  void expireOffsets() throws ExecutionException, InterruptedException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        admin().deleteConsumerGroups(List.of(topic)).all().get();
        return;
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof GroupNotEmptyException)) {
          throw e;
        }
      }
      Thread.sleep(100); // there is nothing to be notified by
    }
    throw new IllegalStateException("the group %s still has members".formatted(topic));
  }

  /** Adds a partition, unless there are many. Returns their number. */
  int addPartition() throws ExecutionException, InterruptedException {
    var described = admin().describeTopics(List.of(topic)).allTopicNames().get().get(topic);
    int now = Objects.requireNonNull(described).partitions().size();
    int next = Math.min(MOST_PARTITIONS, now + 1);
    if (next > now) {
      admin().createPartitions(Map.of(topic, NewPartitions.increaseTo(next))).all().get();
    }
    return next;
  }

  /**
   * Takes the right to read the topic, or the group of the same name, from all clients.
   *
   * @return gives it back
   */
  Repair refuseReading(ResourceType type) throws ExecutionException, InterruptedException {
    var resource = new ResourcePattern(type, topic, PatternType.LITERAL);
    admin()
        .createAcls(
            List.of(
                binding(resource, AclOperation.ALL, AclPermissionType.ALLOW),
                binding(resource, AclOperation.READ, AclPermissionType.DENY)))
        .all()
        .get();
    return () ->
        admin()
            .deleteAcls(
                List.of(new AclBindingFilter(resource.toFilter(), AccessControlEntryFilter.ANY)))
            .all()
            .get();
  }

  private static AclBinding binding(
      ResourcePattern resource, AclOperation operation, AclPermissionType permission) {
    return new AclBinding(resource, new AccessControlEntry(EVERYBODY, "*", operation, permission));
  }

  /** Ends a fault. */
  @FunctionalInterface
  interface Repair {
    void run() throws Exception;
  }
}
