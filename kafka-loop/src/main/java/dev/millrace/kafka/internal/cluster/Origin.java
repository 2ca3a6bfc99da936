package dev.millrace.kafka.internal.cluster;

import org.apache.kafka.common.Uuid;

/**
 * The topic that a commit belongs to. A topic that is deleted and created again has the same name,
 * but its offsets mean other records. Immutable.
 *
 * @param cluster a hash of the id of the cluster: tools copy commits to other clusters, where ids
 *     of topics are different
 * @param topic the id of the topic
 * @param partitions the number of partitions of the topic when the group started to consume it;
 *     {@link #UNKNOWN} if the commit does not say
 */
public record Origin(int cluster, Uuid topic, int partitions) {

  public static final int UNKNOWN = -1;

  /** The topic in a cluster, and nothing of its partitions. */
  public static Origin of(String cluster, Uuid topic) {
    return new Origin(cluster.hashCode(), topic, UNKNOWN);
  }

  public Origin withPartitions(int count) {
    return new Origin(cluster, topic, count);
  }

  /** Whether the other one is of the same cluster, but of another topic. */
  public boolean isReplacedBy(Origin other) {
    return cluster == other.cluster && !topic.equals(other.topic);
  }

  /** Whether the other one is of the same topic. */
  public boolean isSame(Origin other) {
    return cluster == other.cluster && topic.equals(other.topic);
  }
}
