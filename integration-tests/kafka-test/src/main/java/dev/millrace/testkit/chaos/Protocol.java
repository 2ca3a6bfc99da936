package dev.millrace.testkit.chaos;

import java.util.LinkedHashMap;
import java.util.Map;

/** The rebalance protocol of a group. */
public enum Protocol {
  /** The classic protocol: all partitions are revoked at each rebalance. */
  EAGER("RangeAssignor"),
  /** The classic protocol: only partitions that move are revoked. */
  COOPERATIVE("CooperativeStickyAssignor"),
  /** The protocol of KIP-848. */
  CONSUMER("");

  private static final String ASSIGNORS = "org.apache.kafka.clients.consumer.";

  private final String assignor;

  Protocol(String assignor) {
    this.assignor = assignor;
  }

  /** The settings of a worker for the protocol. */
  Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    if (this == CONSUMER) {
      settings.put("kafka.group.protocol", "consumer"); // the broker sets the rest
    } else {
      settings.put("kafka.partition.assignment.strategy", ASSIGNORS + assignor);
      settings.put("kafka.session.timeout.ms", "4000");
      settings.put("kafka.heartbeat.interval.ms", "500");
    }
    return settings;
  }
}
