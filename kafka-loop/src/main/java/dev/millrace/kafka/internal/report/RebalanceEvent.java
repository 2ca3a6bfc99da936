package dev.millrace.kafka.internal.report;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A rebalance has changed the partitions of a consumer. */
@Name("dev.millrace.Rebalance")
@Label("Kafka Rebalance")
@Category("Millrace")
@StackTrace(false)
final class RebalanceEvent extends Event {
  @Label("Group")
  @Nullable String group;

  @Label("Claimed")
  @Nullable String claimed;

  @Label("Released")
  @Nullable String released;

  @Label("Partitions")
  int partitions;
}
