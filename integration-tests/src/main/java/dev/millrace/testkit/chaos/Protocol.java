package dev.millrace.testkit.chaos;

import java.util.LinkedHashMap;
import java.util.Map;

/** The rebalance protocol of a group. */
enum Protocol {
  EAGER("RangeAssignor"),
  COOPERATIVE("CooperativeStickyAssignor"),
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
