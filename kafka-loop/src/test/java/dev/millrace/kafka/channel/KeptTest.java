package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopStatus;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.reactor.ReactorLoops;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The memory of an idle loop: it keeps no record that it has handled or lost. */
class KeptTest extends WithMockConsumer {

  private static final int RECORDS = 200;

  private final AtomicInteger handled = new AtomicInteger();
  private final List<WeakReference<byte[]>> values =
      Collections.synchronizedList(new ArrayList<>());

  private LoopBuilder<String, String, ?> loop(String face) {
    return face.equals("reactor")
        ? ReactorLoops.counting(mock, errors, handled)
        : builder().handler(record -> handled.incrementAndGet());
  }

  /** Adds records that only the loop references. */
  private void addValues(Collection<TopicPartition> partitions) {
    for (TopicPartition partition : partitions) {
      for (int offset = 0; offset < RECORDS; offset++) {
        byte[] value = new byte[1000];
        values.add(new WeakReference<>(value));
        mock.addRecord(
            new ConsumerRecord<>(
                partition.topic(), partition.partition(), offset, bytes("k"), value));
      }
    }
  }

  private void assign() {
    mock.schedulePollTask(
        () -> {
          mock.rebalance(Set.of(P0));
          mock.updateBeginningOffsets(Map.of(P0, 0L));
          addValues(Set.of(P0));
        });
  }

  private long kept() {
    System.gc();
    return values.stream().filter(one -> one.get() != null).count();
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void idleLoopKeepsNothingOfWhatItHasHandled(String face) throws Exception {
    Loop loop = loop(face).build();
    var running = start(loop, Context.background());
    assign();
    await().until(() -> handled.get() == RECORDS && committed(P0) == RECORDS);
    await()
        .untilAsserted(
            () ->
                assertThat(kept())
                    .isLessThanOrEqualTo(1)); // one may be a local variable of a thread
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  /** Refuses all values, with an exception that references the record. */
  private static final class Refusing implements Deserializer<String> {
    @Override
    public String deserialize(String topic, byte[] data) {
      throw new IllegalArgumentException("not a text");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void failuresThatNobodyReceivesKeepNoMoreThanTheRecentOnes(String face) throws Exception {
    LoopBuilder<String, String, ?> builder = loop(face);
    builder.deserializers(new StringDeserializer(), new Refusing());
    builder.retry(2, Backoff.none());
    builder.deadLetters(DeadLetters.skip(letter -> {}));
    builder.onError(e -> {});
    Loop loop = builder.build();
    var running = start(loop, Context.background());
    assign();
    await().until(() -> committed(P0) == RECORDS);
    await().untilAsserted(() -> assertThat(kept()).isLessThanOrEqualTo(LoopStatus.RECENT + 1));
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void partitionThatIsGoneKeepsNothing(String face) throws Exception {
    Loop loop = loop(face).build();
    var running = start(loop, Context.background());
    mock.schedulePollTask(
        () -> {
          mock.rebalance(Set.of(P0));
          mock.updateBeginningOffsets(Map.of(P0, 0L));
        });
    mock.schedulePollTask(
        () -> {
          loop.pauseAll(); // no record is handed out, but this poll still reads
          addValues(Set.of(P0));
        });
    await().until(() -> loop.partitions().stream().anyMatch(one -> one.waiting() == RECORDS));
    mock.schedulePollTask(() -> mock.rebalance(Set.of()));
    await().until(() -> loop.partitions().isEmpty());
    await().untilAsserted(() -> assertThat(kept()).isLessThanOrEqualTo(1));
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }
}
