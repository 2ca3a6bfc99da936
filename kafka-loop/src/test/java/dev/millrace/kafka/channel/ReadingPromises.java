package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Reading;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** A loop that reads partitions without a group, on any face. */
public abstract class ReadingPromises extends WithMockConsumer {

  private final List<String> handled = Collections.synchronizedList(new ArrayList<>());
  private final Map<TopicPartition, Long> positions = new ConcurrentHashMap<>();

  /** A builder of a loop of this face with this handler, without topics and without a group. */
  protected abstract LoopBuilder<String, String, ?> reading(RecordHandler<String, String> handler);

  /** The properties of a loop without a group. */
  protected static Map<String, Object> withoutGroup() {
    Map<String, Object> properties = new HashMap<>(properties());
    properties.remove("group.id");
    return properties;
  }

  private LoopBuilder<String, String, ?> reading() {
    return reading(record -> handled.add(record.partition() + "@" + record.offset()));
  }

  /** A topic with two partitions, and records from offset 2 on in each. */
  private void topic(int end) {
    var node = new Node(0, "localhost", 1);
    Node[] nodes = {node};
    mock.updatePartitions(
        "orders",
        List.of(
            new PartitionInfo("orders", 0, node, nodes, nodes),
            new PartitionInfo("orders", 1, node, nodes, nodes)));
    mock.updateBeginningOffsets(Map.of(P0, 2L, P1, 2L));
    mock.updateEndOffsets(Map.of(P0, (long) end, P1, (long) end));
  }

  /** Adds records when the partitions are assigned. */
  private void addWhenAssigned(int from, int to) {
    mock.schedulePollTask(
        () -> {
          for (TopicPartition name : mock.assignment()) {
            add(name, from, to);
          }
        });
  }

  private static void drain(Loop loop, FutureTask<String> running) throws Exception {
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
  }

  @Test
  void readsToTheEndAndEndsByItself() throws Exception {
    topic(6);
    addWhenAssigned(2, 9); // records from 6 on are written while it runs
    Loop loop =
        reading().assign(Reading.topics("orders").untilEnd().onPosition(positions::put)).build();
    var running = start(loop, Context.background());
    assertThat(running.get()).isEqualTo("ended");
    assertThat(handled)
        .containsExactlyInAnyOrder("0@2", "0@3", "0@4", "0@5", "1@2", "1@3", "1@4", "1@5");
    assertThat(positions).containsOnly(Map.entry(P0, 6L), Map.entry(P1, 6L));
    assertThat(lastCommits).isEmpty();
    assertThat(mock.subscription()).isEmpty();
  }

  @Test
  void anEmptyReadingEndsAtOnce() throws Exception {
    topic(2);
    Loop loop = reading().assign(Reading.topics("orders").untilEnd()).build();
    assertThat(start(loop, Context.background()).get()).isEqualTo("ended");
    assertThat(handled).isEmpty();
  }

  @Test
  void theEndWaitsForTheHandlers() throws Exception {
    topic(3);
    addWhenAssigned(2, 3);
    var release = new CountDownLatch(1);
    Loop loop =
        reading(
                record -> {
                  release.await();
                  handled.add("handled");
                })
            .assign(Reading.partitions(List.of(P0)).untilEnd().onPosition(positions::put))
            .build();
    var running = start(loop, Context.background());
    await().until(() -> loop.partitions().stream().anyMatch(one -> one.inFlight() == 1));
    await().during(Duration.ofMillis(150)).until(() -> !running.isDone());
    release.countDown();
    assertThat(running.get()).isEqualTo("ended");
    assertThat(handled).containsExactly("handled");
    assertThat(positions).containsOnly(Map.entry(P0, 3L));
  }

  @Test
  void startsAtGivenOffsetsAndGivesPositionsWhileItRuns() throws Exception {
    topic(10);
    addWhenAssigned(2, 10);
    Loop loop =
        reading()
            .assign(
                Reading.partitions(List.of(P0, P1)).at(Map.of(P0, 7L)).onPosition(positions::put))
            .build();
    var running = start(loop, Context.background());
    await()
        .untilAsserted(
            () -> assertThat(positions).containsOnly(Map.entry(P0, 10L), Map.entry(P1, 10L)));
    assertThat(handled).hasSize(3 + 8).contains("0@7", "1@2").doesNotContain("0@6");
    assertThat(loop.health().isStarted()).isTrue();
    drain(loop, running);
    assertThat(lastCommits).isEmpty();
  }

  @Test
  void followsTheEnd() throws Exception {
    topic(5);
    Loop loop = reading().assign(Reading.topics("orders").fromEnd()).build();
    var running = start(loop, Context.background());
    await().until(() -> loop.partitions().size() == 2);
    mock.schedulePollTask(() -> add(P1, 5, 7));
    await().until(() -> handled.size() == 2);
    assertThat(handled).containsExactlyInAnyOrder("1@5", "1@6");
    drain(loop, running);
  }

  @Test
  void aListenerThatThrowsGetsThePositionAgain() throws Exception {
    topic(4);
    addWhenAssigned(2, 4);
    List<Long> told = Collections.synchronizedList(new ArrayList<>());
    Loop loop =
        reading()
            .assign(
                Reading.partitions(List.of(P0))
                    .onPosition(
                        (name, offset) -> {
                          told.add(offset);
                          if (told.size() < 3) {
                            throw new IllegalStateException("the store is away");
                          }
                        }))
            .build();
    var running = start(loop, Context.background());
    await().until(() -> told.size() >= 3 && told.getLast() == 4);
    drain(loop, running);
    assertThat(errors).anyMatch(e -> String.valueOf(e.getMessage()).contains("onPosition(…) has"));
  }

  @Test
  void settingsThatNeedAGroupAreRefused() {
    Reading reading = Reading.topics("orders");
    assertThatThrownBy(() -> reading().assign(reading).topics("other").build())
        .hasMessage("topics(…) needs a group, and assign(…) has none: remove one of them");
    assertThatThrownBy(
            () ->
                reading()
                    .assign(reading)
                    .retryTopic("orders.retry", Duration.ofSeconds(1))
                    .deadLetters(letter -> {})
                    .build())
        .hasMessageContaining("retryTopic(…) needs a group");
    assertThatThrownBy(() -> reading().assign(reading).startAt(Instant.EPOCH).build())
        .hasMessageContaining("startAt(…) needs a group");
    assertThatThrownBy(() -> Reading.partitions(List.of())).hasMessageContaining("nothing to read");
    assertThatThrownBy(() -> Reading.offsets(Map.of(P0, -1L))).hasMessageContaining("orders-0");
  }
}
