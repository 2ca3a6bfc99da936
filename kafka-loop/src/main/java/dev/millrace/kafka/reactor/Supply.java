package dev.millrace.kafka.reactor;

import dev.millrace.kafka.Message;
import dev.millrace.kafka.internal.consumer.ConsumerCore;
import dev.millrace.kafka.internal.handling.Attempt;
import dev.millrace.kafka.internal.handling.Batches;
import dev.millrace.kafka.internal.handling.Handover;
import dev.millrace.kafka.internal.handling.Intake;
import dev.millrace.kafka.internal.handling.Priorities;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.settings.Batching;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.Gate;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gives the loop's thread the messages to handle: one at a time, or in batches. */
interface Supply<K, V> {

  /** The first attempt for ready messages; null if none is ready now. */
  @Nullable Attempt<K, V> next();

  /** Collects messages that have arrived, while no handler is free for them. */
  void gather();

  /** The time until messages that were collected already may be ready. */
  Duration untilReady();

  /** As the settings say. */
  static <K, V> Supply<K, V> of(
      ConsumerSettings<K, V> settings,
      ConsumerCore<K, V> core,
      Handover<K, V> handover,
      Gate gate,
      Priorities priorities) {
    Batching batching = settings.batching;
    return batching == null
        ? new Single<>(new Intake<>(core.partitions(), core.pauses(), handover, gate, priorities))
        : new Gathered<>(
            gate,
            new Batches<>(batching, settings.ordering, core.partitions(), core.pauses(), handover));
  }

  /** One message at a time; messages stay in the partitions until they are requested. */
  record Single<K, V>(Intake<K, V> intake) implements Supply<K, V> {
    private static final Duration NEVER = Duration.ofHours(1);

    @Override
    public @Nullable Attempt<K, V> next() {
      Message<K, V> message = intake.next();
      return message == null ? null : Attempt.first(message);
    }

    @Override
    public void gather() {}

    @Override
    public Duration untilReady() {
      return NEVER;
    }
  }

  /** Batches, which grow while they wait for a handler. */
  record Gathered<K, V>(Gate gate, Batches<K, V> batches) implements Supply<K, V> {
    @Override
    public @Nullable Attempt<K, V> next() {
      batches.gather();
      List<Delivery<K, V>> ready = batches.ready();
      if (ready == null || !gate.enter(ready.getFirst().raw().topic())) {
        return null;
      }
      Attempt<K, V> attempt = Attempt.first(batches.take());
      gate.took(attempt.first(), attempt.size(), attempt.bytes());
      return attempt;
    }

    @Override
    public void gather() {
      batches.gather();
    }

    @Override
    public Duration untilReady() {
      return batches.untilDue();
    }
  }
}
