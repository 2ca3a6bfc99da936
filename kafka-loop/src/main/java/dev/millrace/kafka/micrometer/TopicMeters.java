package dev.millrace.kafka.micrometer;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.internal.status.Bounded;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/** The meters of the records of a topic. Thread-safe. */
final class TopicMeters {

  private final MeterRegistry registry;
  private final Tags tags;
  private final Timer settleLatency;
  private final Counter handled;
  private final Counter skipped;
  private final Counter unreadable;
  private final Counter undeserializable;
  private final Counter unhandled;
  private final Counter unburied;
  private final Counter retries;
  private final Counter deadLetters;
  private final Bounded<Counter> reasons = new Bounded<>(this::deadLettersBecauseOf);

  TopicMeters(MeterRegistry registry, String group, String topic) {
    this.registry = registry;
    this.tags = Tags.of("group", group, "topic", topic);
    this.settleLatency =
        Timer.builder("millrace.kafka.settle.latency")
            .description("time from the poll of a record until it was settled")
            .tags(tags)
            .register(registry);
    this.handled = counter("handled", "records", "records that the handler has handled");
    this.skipped = counter("skipped", "records", "records settled without being handled");
    this.unreadable = failures(DeadLetter.FETCH);
    this.undeserializable = failures(DeadLetter.DESERIALIZE);
    this.unhandled = failures(DeadLetter.HANDLE);
    this.unburied = failures(RecordFailedException.DEAD_LETTER);
    this.retries = counter("retries", "attempts", "attempts to handle a record, after the first");
    this.deadLetters = counter("dead.letters", "records", "records put into the dead letters");
  }

  private Counter counter(String name, String unit, String description) {
    return Counter.builder("millrace.kafka." + name)
        .description(description)
        .baseUnit(unit)
        .tags(tags)
        .register(registry);
  }

  private Counter deadLettersBecauseOf(String reason) {
    return Counter.builder("millrace.kafka.dead.letters.by.reason")
        .description("records put into the dead letters, by the class of the exception")
        .baseUnit("records")
        .tags(tags.and("reason", reason))
        .register(registry);
  }

  private Counter failures(String stage) {
    return Counter.builder("millrace.kafka.failures")
        .description("failed attempts, by stage")
        .baseUnit("attempts")
        .tags(tags.and("stage", stage))
        .register(registry);
  }

  private Counter failuresAt(String stage) {
    return switch (stage) {
      case DeadLetter.FETCH -> unreadable;
      case DeadLetter.DESERIALIZE -> undeserializable;
      case DeadLetter.HANDLE -> unhandled;
      default -> unburied;
    };
  }

  /** Counts the events of the records of a partition. */
  PartitionObserver observer(Runnable onRelease) {
    return new PartitionObserver() {
      @Override
      public void settled(long nanoseconds) {
        settleLatency.record(nanoseconds, TimeUnit.NANOSECONDS);
      }

      @Override
      public void handled() {
        handled.increment();
      }

      @Override
      public void failed(String stage) {
        failuresAt(stage).increment();
      }

      @Override
      public void skipped(long records) {
        skipped.increment((double) records);
      }

      @Override
      public void retried() {
        retries.increment();
      }

      @Override
      public void deadLettered(DeadLetter letter) {
        deadLetters.increment();
        reasons.of(letter.reason()).increment();
      }

      @Override
      public void released() {
        onRelease.run();
      }
    };
  }
}
