package dev.millrace.kafka.micrometer;

import dev.millrace.kafka.PartitionStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.apache.kafka.common.TopicPartition;

/** The gauges of a partition. They show the consumer that owns it now. Thread-safe. */
final class PartitionGauges {

  private final MeterRegistry registry;
  private final List<Gauge> gauges;
  private volatile Supplier<PartitionStatus> status;

  PartitionGauges(MeterRegistry registry, String group, Supplier<PartitionStatus> status) {
    this.registry = registry;
    this.status = status;
    TopicPartition name = status.get().partition();
    Tags tags =
        Tags.of(
            "group", group, "topic", name.topic(), "partition", Integer.toString(name.partition()));
    this.gauges =
        List.of(
            gauge("lag", "records", tags, one -> orUnknown(one.lag()))
                .description("offsets from the first unsettled record to the end of the log")
                .register(registry),
            gauge("in.flight", "records", tags, PartitionStatus::inFlight)
                .description("records in handlers")
                .register(registry),
            gauge("paused", "partitions", tags, one -> one.paused() ? 1 : 0)
                .description(
                    "1 if the partition is not polled: it is full, or the application paused it")
                .register(registry));
  }

  private Gauge.Builder<?> gauge(
      String name, String unit, Tags tags, ToDoubleFunction<PartitionStatus> value) {
    return Gauge.builder("millrace.kafka." + name, this, me -> value.applyAsDouble(me.status.get()))
        .baseUnit(unit)
        .tags(tags);
  }

  private static double orUnknown(OptionalLong lag) {
    return lag.isPresent() ? lag.getAsLong() : Double.NaN;
  }

  /** Shows this status from now on. */
  PartitionGauges follow(Supplier<PartitionStatus> other) {
    status = other;
    return this;
  }

  boolean follows(Supplier<PartitionStatus> other) {
    return status == other;
  }

  void remove() {
    gauges.forEach(registry::remove);
  }
}
