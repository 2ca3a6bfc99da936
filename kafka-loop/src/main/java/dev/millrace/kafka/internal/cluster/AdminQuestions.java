package dev.millrace.kafka.internal.cluster;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnstableOffsetCommitException;

/** Asks with an admin client of Kafka, which has a thread of its own. Thread-safe. */
public final class AdminQuestions implements Questions {

  /** The longest time that a silent broker delays a question that another broker could answer. */
  private static final int TIMEOUT_MS = 5_000;

  private final Admin admin;
  private final String group;

  private AdminQuestions(Admin admin, String group) {
    this.admin = admin;
    this.group = group;
  }

  /** Connects by the settings of the consumer, whose rights are enough. */
  public static AdminQuestions open(Map<String, Object> consumerProperties) {
    Map<String, Object> properties = new HashMap<>(consumerProperties);
    properties
        .keySet()
        .removeIf(
            name ->
                ConsumerConfig.configNames().contains(name)
                    && !AdminClientConfig.configNames().contains(name));
    String group = String.valueOf(consumerProperties.get(ConsumerConfig.GROUP_ID_CONFIG));
    return new AdminQuestions(Admin.create(properties), group);
  }

  @Override
  public CompletableFuture<String> cluster() {
    return future(
            admin.describeCluster(new DescribeClusterOptions().timeoutMs(TIMEOUT_MS)).clusterId())
        .handle((id, failure) -> id == null ? "" : id);
  }

  @Override
  public CompletableFuture<Set<String>> names() {
    return future(admin.listTopics(new ListTopicsOptions().timeoutMs(TIMEOUT_MS)).names());
  }

  @Override
  public CompletableFuture<Map<String, Topic>> topics(Collection<String> names) {
    Map<String, Topic> topics = new HashMap<>();
    CompletableFuture<?> all = CompletableFuture.completedFuture(null);
    Map<String, KafkaFuture<TopicDescription>> asked =
        admin
            .describeTopics(names, new DescribeTopicsOptions().timeoutMs(TIMEOUT_MS))
            .topicNameValues();
    for (KafkaFuture<TopicDescription> one : asked.values()) {
      CompletableFuture<Optional<TopicDescription>> answer =
          future(one).thenApply(Optional::of).exceptionally(AdminQuestions::emptyIfUnknown);
      all =
          all.thenCombine(
              answer,
              (before, found) -> {
                found.ifPresent(
                    topic ->
                        topics.put(
                            topic.name(), new Topic(topic.topicId(), topic.partitions().size())));
                return null;
              });
    }
    return all.thenApply(last -> Map.copyOf(topics));
  }

  private static Optional<TopicDescription> emptyIfUnknown(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof UnknownTopicOrPartitionException
        || cause instanceof InvalidTopicException) {
      return Optional.empty();
    }
    throw new CompletionException(cause);
  }

  @Override
  public Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> committed(
      Set<TopicPartition> names) {
    CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> all = committed(names, true);
    Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> answers = new HashMap<>();
    for (TopicPartition name : names) {
      answers.put(
          name,
          all.thenApply(
              known -> {
                if (!known.containsKey(name)) { // Kafka leaves out a partition without an answer
                  throw new UnstableOffsetCommitException(
                      "a transaction that commits %s is open".formatted(name));
                }
                return Optional.ofNullable(known.get(name));
              }));
    }
    return answers;
  }

  @Override
  public CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> committedByAll(
      Set<TopicPartition> names) {
    return committed(names, false)
        .thenApply(
            known -> {
              Map<TopicPartition, OffsetAndMetadata> some = new HashMap<>(known);
              some.values().removeIf(offset -> offset == null);
              return some;
            });
  }

  private CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> committed(
      Set<TopicPartition> names, boolean stable) {
    var options = new ListConsumerGroupOffsetsOptions().requireStable(stable).timeoutMs(TIMEOUT_MS);
    var spec = new ListConsumerGroupOffsetsSpec().topicPartitions(names);
    return future(
        admin
            .listConsumerGroupOffsets(Map.of(group, spec), options)
            .partitionsToOffsetAndMetadata(group));
  }

  @Override
  public Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> offsets(
      Map<TopicPartition, Place> places, IsolationLevel isolation) {
    Map<TopicPartition, OffsetSpec> specs = new HashMap<>();
    places.forEach((name, place) -> specs.put(name, spec(place)));
    var asked = admin.listOffsets(specs, new ListOffsetsOptions(isolation).timeoutMs(TIMEOUT_MS));
    Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> answers = new HashMap<>();
    for (TopicPartition name : specs.keySet()) {
      answers.put(
          name,
          future(asked.partitionResult(name))
              .thenApply(
                  found ->
                      found.offset() < 0
                          ? Optional.empty()
                          : Optional.of(
                              new OffsetAndMetadata(found.offset(), found.leaderEpoch(), ""))));
    }
    return answers;
  }

  private static OffsetSpec spec(Place place) {
    if (place.equals(Place.FIRST)) {
      return OffsetSpec.earliest();
    }
    return place.equals(Place.END)
        ? OffsetSpec.latest()
        : OffsetSpec.forTimestamp(place.timestamp());
  }

  private static <T> CompletableFuture<T> future(KafkaFuture<T> answer) {
    return answer.toCompletionStage().toCompletableFuture();
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }
}
