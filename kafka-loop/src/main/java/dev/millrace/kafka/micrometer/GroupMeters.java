package dev.millrace.kafka.micrometer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

/** The meters of a group. */
record GroupMeters(
    Counter rebalances, Timer commits, Counter commitFailures, Counter newHistories) {

  GroupMeters(MeterRegistry registry, String group) {
    this(
        Counter.builder("millrace.kafka.rebalances")
            .description("changes of what is assigned to this member")
            .baseUnit("rebalances")
            .tag("group", group)
            .register(registry),
        Timer.builder("millrace.kafka.commits")
            .description("how long a commit took that succeeded")
            .tag("group", group)
            .register(registry),
        Counter.builder("millrace.kafka.commit.failures")
            .description("commits that failed; what they said is said again by the next one")
            .baseUnit("commits")
            .tag("group", group)
            .register(registry),
        Counter.builder("millrace.kafka.new.histories")
            .description("logs that were not the ones that were consumed")
            .baseUnit("histories")
            .tag("group", group)
            .register(registry));
  }
}
