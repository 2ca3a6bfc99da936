package dev.millrace.kafka.internal.workers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.Race;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.channel.WithMockConsumer;
import dev.millrace.kafka.internal.handling.BatchFunction;
import dev.millrace.kafka.internal.handling.Handling;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.serde.Deserialization;
import dev.millrace.kafka.internal.settings.FailurePolicy;
import dev.millrace.kafka.internal.settings.Pauses;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The poll thread adds a record while the last of the workers leaves. */
@Timeout(60)
class WorkersRacesTest {

  private static final Duration LEFT_BEHIND = Duration.ofSeconds(20);

  private final AtomicLong handled = new AtomicLong();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8})
  void recordThatIsAddedWhileTheLastWorkerLeavesIsNotLeftBehind(int concurrency) throws Exception {
    var workers = new Workers<String, String>(concurrency);
    var partition =
        new Partition<>(
            new TopicPartition("orders", 0),
            Ordering.UNORDERED,
            new Deserialization<>(new StringDeserializer(), new StringDeserializer()),
            workers::wake);
    workers.attach(List.of(partition), new Pauses());
    var policy =
        new FailurePolicy(
            1, Backoff.none(), e -> true, null, RefusedLetters.keep(), Backoff.none());
    try (var group = TaskGroup.collecting(Context.background());
        workers) {
      workers.begin(
          group,
          new Handling<>(
              "test",
              BatchFunction.ofOne(record -> handled.incrementAndGet()),
              policy,
              group.context()::isCancelled,
              e -> {}));
      long offset = 0;
      for (long end = Race.end(); System.nanoTime() < end; ) {
        int records = 1 + ThreadLocalRandom.current().nextInt(2);
        for (int i = 0; i < records; i++) {
          add(partition, offset++);
          workers.wake();
        }
        awaitHandled(offset);
        Race.stagger(); // between the end of the handler and the end of its thread
      }
    }
    assertThat(workers.failure()).isNull();
  }

  private static void add(Partition<String, String> partition, long offset) {
    var record =
        new ConsumerRecord<>(
            "orders", 0, offset, WithMockConsumer.bytes("k"), WithMockConsumer.bytes("v"));
    partition.add(List.of(record), offset + 1);
  }

  private void awaitHandled(long records) {
    long since = System.nanoTime();
    while (handled.get() < records) {
      Thread.onSpinWait();
      if (System.nanoTime() - since > LEFT_BEHIND.toNanos()) {
        assertThat(handled).as("records that were handled").hasValue(records);
      }
    }
  }
}
