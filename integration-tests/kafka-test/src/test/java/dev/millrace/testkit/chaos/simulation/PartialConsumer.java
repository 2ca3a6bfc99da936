package dev.millrace.testkit.chaos.simulation;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metrics.KafkaMetric;

/** What the loop does not use of a consumer, and the forms of its methods that have a default. */
abstract class PartialConsumer implements Consumer<byte[], byte[]> {

  /** The time for an answer, where the caller gives none. */
  static final Duration API = Duration.ofSeconds(5);

  // With a default

  @Override
  public void seek(TopicPartition name, OffsetAndMetadata offset) {
    seek(name, offset.offset());
  }

  @Override
  public long position(TopicPartition name) {
    return position(name, API);
  }

  @Override
  public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> names) {
    return committed(names, API);
  }

  @Override
  public void close() {
    close(CloseOptions.timeout(API));
  }

  @Override
  @Deprecated
  @SuppressWarnings("InlineMeSuggester") // Kafka's method
  public void close(Duration timeout) {
    close(CloseOptions.timeout(timeout));
  }

  @Override
  public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
    commitSync(offsets, API);
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic) {
    return partitionsFor(topic, API);
  }

  @Override
  public Map<String, List<PartitionInfo>> listTopics() {
    return listTopics(API);
  }

  @Override
  public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> names) {
    return beginningOffsets(names, API);
  }

  @Override
  public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> names) {
    return endOffsets(names, API);
  }

  // Unused

  private static UnsupportedOperationException unused() {
    return new UnsupportedOperationException("the simulated consumer does not do this");
  }

  @Override
  public void subscribe(Collection<String> names) {
    throw unused();
  }

  @Override
  public void subscribe(Pattern pattern, ConsumerRebalanceListener callbacks) {
    throw unused();
  }

  @Override
  public void subscribe(Pattern pattern) {
    throw unused();
  }

  @Override
  public void subscribe(SubscriptionPattern pattern, ConsumerRebalanceListener callbacks) {
    throw unused();
  }

  @Override
  public void subscribe(SubscriptionPattern pattern) {
    throw unused();
  }

  @Override
  public void assign(Collection<TopicPartition> names) {
    throw unused();
  }

  @Override
  public void unsubscribe() {
    throw unused();
  }

  @Override
  public void commitSync() {
    throw unused();
  }

  @Override
  public void commitSync(Duration timeout) {
    throw unused();
  }

  @Override
  public void commitAsync() {
    throw unused();
  }

  @Override
  public void commitAsync(OffsetCommitCallback callback) {
    throw unused();
  }

  @Override
  public void registerMetricForSubscription(KafkaMetric metric) {
    throw unused();
  }

  @Override
  public void unregisterMetricFromSubscription(KafkaMetric metric) {
    throw unused();
  }

  @Override
  public void seekToBeginning(Collection<TopicPartition> names) {
    throw unused();
  }

  @Override
  public void seekToEnd(Collection<TopicPartition> names) {
    throw unused();
  }

  @Override
  public Uuid clientInstanceId(Duration timeout) {
    throw unused();
  }

  @Override
  public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> times) {
    throw unused();
  }

  @Override
  public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
      Map<TopicPartition, Long> times, Duration timeout) {
    throw unused();
  }

  @Override
  public void enforceRebalance() {
    throw unused();
  }

  @Override
  public void enforceRebalance(String reason) {
    throw unused();
  }

  @Override
  public void wakeup() {
    throw unused();
  }
}
