package dev.millrace.kafka.micrometer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

/** The meters of a consumer group. Thread-safe. */
record GroupMeters(
    Counter rebalances, Timer commits, Counter commitFailures, Counter newHistories) {

  GroupMeters(MeterRegistry registry, String group) {
    this(
        Counter.builder("millrace.kafka.rebalances")
            .description("changes of the partitions assigned to this member")
            .baseUnit("rebalances")
            .tag("group", group)
            .register(registry),
        Timer.builder("millrace.kafka.commits")
            .description("duration of successful commits")
            .tag("group", group)
            .register(registry),
        Counter.builder("millrace.kafka.commit.failures")
            .description("failed commits; the next commit contains the same offsets or later ones")
            .baseUnit("commits")
            .tag("group", group)
            .register(registry),
        Counter.builder("millrace.kafka.new.histories")
            .description("logs that were not the ones consumed before")
            .baseUnit("histories")
            .tag("group", group)
            .register(registry));
  }
}
