package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.SlowDeserializer.Gate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A slow deserializer holds up its own partition, and nothing else, on any face. */
public abstract class DeserializerPromises extends WithMockConsumer {

  private static final Duration DRAIN = Duration.ofMillis(300);
  private static final Duration CLOSE = Duration.ofSeconds(40);

  private static final int BEHIND = 10;

  private final Gate gate = new Gate();
  private final List<String> handled = Collections.synchronizedList(new ArrayList<>());

  /** The builder of a loop of that face with that handler. */
  protected abstract LoopBuilder<String, String, ?> loop(RecordHandler<String, String> handler);

  private LoopBuilder<String, String, ?> slow() {
    LoopBuilder<String, String, ?> builder =
        loop(record -> handled.add(record.partition() + " " + record.value()));
    Map<String, Object> properties = properties();
    properties.put("value.deserializer", SlowDeserializer.class);
    properties.put(SlowDeserializer.GATE, gate);
    builder.properties(properties);
    builder.closeTimeout(CLOSE);
    return builder;
  }

  private void addText(TopicPartition partition, int offset, String text) {
    mock.addRecord(
        new ConsumerRecord<>(
            partition.topic(), partition.partition(), offset, bytes("k" + offset), bytes(text)));
  }

  private void assignSlowAndQuick(String slow, int quick) {
    assign(0, P0, P1);
    mock.schedulePollTask(
        () -> {
          addText(P0, 0, slow);
          for (int i = 1; i < BEHIND; i++) { // more than there are handlers
            addText(P0, i, "v" + i);
          }
          add(P1, 0, quick);
        });
  }

  private List<String> handledOf(TopicPartition partition) {
    String prefix = partition.partition() + " ";
    return List.of(handled.toArray(String[]::new)).stream()
        .filter(one -> one.startsWith(prefix))
        .map(one -> one.substring(prefix.length()))
        .toList();
  }

  private static List<String> texts(int count) {
    return IntStream.range(0, count).mapToObj(i -> "v" + i).toList();
  }

  @AfterEach
  void open() {
    gate.open();
  }

  @ParameterizedTest
  @EnumSource(Ordering.class)
  void slowDeserializerHoldsUpNoOtherPartition(Ordering ordering) throws Exception {
    assignSlowAndQuick("slow", 50);
    Loop loop = slow().ordering(ordering).build();
    var running = start(loop, Context.background());
    await().until(() -> gate.calls() == 1 && committed(P1) == 50);
    mock.schedulePollTask(() -> add(P1, 50, 60)); // and it goes on
    await().until(() -> committed(P1) == 60);
    assertThat(committed(P0)).isLessThan(1);
    gate.open();
    await().until(() -> committed(P0) == BEHIND);
    loop.drain(Duration.ofSeconds(10));
    assertThat(running.get()).isEqualTo("ended");
    List<String> all = new ArrayList<>(texts(BEHIND));
    all.set(0, "slow");
    if (ordering == Ordering.PARTITION) {
      assertThat(handledOf(P0)).isEqualTo(all);
      assertThat(handledOf(P1)).isEqualTo(texts(60));
    }
    assertThat(handledOf(P0)).containsExactlyInAnyOrderElementsOf(all);
    assertThat(handledOf(P1)).hasSize(60);
    assertThat(gate.calls()).isEqualTo(1);
    assertThat(gate.closed()).isGreaterThan(1); // each partition had one
    assertThat(errors).isEmpty();
  }

  @Test
  void drainDoesNotWaitForADeserializerThatIgnoresItsInterrupt() throws Exception {
    assignSlowAndQuick("slow", 5);
    Loop loop = slow().build();
    var running = start(loop, Context.background());
    await().until(() -> gate.calls() == 1 && committed(P1) == 5);
    mock.schedulePollTask(() -> add(P1, 5, 10)); // by other deserializers
    await().until(() -> committed(P1) == 10);
    long from = System.nanoTime();
    loop.drain(DRAIN);
    assertThat(Duration.ofNanos(System.nanoTime() - from))
        .isLessThan(CLOSE.dividedBy(2).plus(DRAIN));
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
    assertThat(mock.closed()).isTrue();
    assertThat(lastCommits).doesNotContainEntry(P0, 1L).containsEntry(P1, 10L);
    assertThatTheThreadIsTold();
    gate.open();
    await().until(() -> gate.closed() > 1); // those of the slow call, when it has returned
  }

  /** Threads of handlers, which deserialize, are told; a thread of a feeder is logged. */
  protected void assertThatTheThreadIsTold() {
    assertThat(errors)
        .filteredOn(StuckHandlerException.class::isInstance)
        .singleElement()
        .satisfies(e -> assertThat(e).hasMessageContaining("orders-0 at offset 0"));
  }

  @Test
  void slowDeserializerThatThrowsIsAskedOncePerAttempt() throws Exception {
    assignSlowAndQuick("slow and bad", 5);
    List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());
    Loop loop =
        slow()
            .retry(2, Backoff.fixed(Duration.ofMillis(1)))
            .retryIf(e -> true)
            .deadLetters(letters::add)
            .build();
    var running = start(loop, Context.background());
    await().until(() -> gate.calls() == 1 && committed(P1) == 5);
    gate.open();
    await().until(() -> committed(P0) == BEHIND);
    loop.drain(Duration.ofSeconds(10));
    assertThat(running.get()).isEqualTo("ended");
    assertThat(gate.calls()).isEqualTo(2);
    assertThat(letters)
        .singleElement()
        .satisfies(
            letter -> {
              assertThat(letter.stage()).isEqualTo(DeadLetter.DESERIALIZE);
              assertThat(letter.record().offset()).isZero();
              assertThat(letter.attempts()).isEqualTo(2);
            });
    assertThat(handledOf(P0)).hasSize(BEHIND - 1);
  }
}
