package dev.millrace.kafka.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.internal.handling.Batches;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.settings.Batching;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.Pauses;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/** Offers batches to a rendezvous channel. While no handler is free, the offered batch grows. */
final class BatchFeeder<K, V> extends Feeder<K, V> {

  private final Batches<K, V> gathered;
  private final Channel<List<Delivery<K, V>>> batches;

  BatchFeeder(
      ConsumerSettings<K, V> settings,
      Batching batching,
      Collection<Partition<K, V>> partitions,
      Pauses pauses,
      Channel<Message<K, V>> messages,
      Channel<List<Delivery<K, V>>> batches) {
    super(settings.group(), partitions, pauses, messages);
    this.gathered = new Batches<>(batching, settings.ordering, partitions, pauses, handover());
    this.batches = batches;
  }

  @Override
  void feed() throws InterruptedException {
    Select<Boolean> select =
        new Select<Boolean>()
            .onSendFrom(batches, this::offered, this::sent)
            .when(() -> gathered.ready() != null)
            .onReceive(ready(), one -> true, () -> false);
    do {
      gathered.gather();
      select.onTimeout(gathered.untilDue(), () -> true);
    } while (select.select());
  }

  private List<Delivery<K, V>> offered() {
    return Objects.requireNonNull(gathered.ready());
  }

  private boolean sent() {
    gathered.take();
    return true;
  }
}
