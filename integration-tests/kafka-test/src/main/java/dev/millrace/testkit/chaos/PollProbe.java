package dev.millrace.testkit.chaos;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.metrics.MetricsReporter;
import org.jspecify.annotations.Nullable;

/**
 * Knows the time of the consumer's last poll, from Kafka's own metric. Kafka's consumer creates
 * this reporter.
 */
public final class PollProbe implements MetricsReporter {

  private static volatile @Nullable KafkaMetric lastPoll;

  /** For Kafka. */
  public PollProbe() {}

  /**
   * The time since the last poll in ms, with the precision of a second; 0 if there was no poll, or
   * the consumer is closed.
   */
  static long millisSincePoll() {
    KafkaMetric metric = lastPoll;
    return metric != null && metric.metricValue() instanceof Number seconds
        ? (long) (1000 * Math.max(0, seconds.doubleValue()))
        : 0;
  }

  @Override
  public void init(List<KafkaMetric> metrics) {
    metrics.forEach(this::metricChange);
  }

  @Override
  public void metricChange(KafkaMetric metric) {
    if (metric.metricName().name().equals("last-poll-seconds-ago")) {
      lastPoll = metric;
    }
  }

  @Override
  public void metricRemoval(KafkaMetric metric) {
    if (metric == lastPoll) {
      lastPoll = null;
    }
  }

  @Override
  public void configure(Map<String, ?> properties) {}

  @Override
  public void close() {}
}
