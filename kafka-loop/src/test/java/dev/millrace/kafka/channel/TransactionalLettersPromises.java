package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Front;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.builder.LoopBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Dead letters in transactions while their topic refuses them, on any face. */
public abstract class TransactionalLettersPromises extends WithMockBroker {

  private static final Backoff SHORT = Backoff.fixed(Duration.ofMillis(20));

  private final AtomicInteger handled = new AtomicInteger();

  /** A loop whose handler fails on the record of P0 at offset 4. */
  private LoopBuilder<String, String, ?> poisoned() {
    return loop((record, output) -> {
          handled.incrementAndGet();
          if (record.partition() == 0 && record.offset() == 4) {
            throw new IOException("poison");
          }
          output.send(
              new ProducerRecord<>("invoices", "k", output(record.partition(), record.offset())));
        })
        .deadLetterBackoff(SHORT);
  }

  private static String output(int partition, long offset) {
    return partition + "<v" + offset + ">";
  }

  /**
   * Checks the outputs of all records of P0 and P1 except the dead letter, and the letter itself,
   * if there is one.
   */
  private void assertEachIsProducedOnceAndInOrder(int ofP0, int ofP1, int letters) {
    assertThat(produced(0))
        .containsExactlyElementsOf(
            IntStream.range(0, ofP0).filter(i -> i != 4).mapToObj(i -> output(0, i)).toList());
    assertThat(produced(1))
        .containsExactlyElementsOf(IntStream.range(0, ofP1).mapToObj(i -> output(1, i)).toList());
    assertThat(produced().stream().filter("v4"::equals)).hasSize(letters);
    assertThat(handled).hasValue(ofP0 + ofP1); // no record again
  }

  private List<String> produced(int partition) {
    return produced().stream().filter(value -> value.startsWith(partition + "<")).toList();
  }

  private List<RecordFailedException> letterFailures() {
    return Stream.of(errors.toArray(Exception[]::new))
        .filter(RecordFailedException.class::isInstance)
        .map(RecordFailedException.class::cast)
        .filter(e -> !e.isLast())
        .toList();
  }

  /** The letter waits, and the other partition goes on. */
  private FutureTask<String> runUntilOnlyTheLetterWaits(Loop loop) throws Exception {
    assign(10, P0, P1);
    var running = start(loop, Context.background());
    await().until(() -> letterFailures().size() >= 2 && committed(P0) == 4);
    mock.schedulePollTask(() -> add(P1, 10, 20));
    await().until(() -> committed(P1) == 20);
    assertThat(committed(P0)).isEqualTo(4);
    return running;
  }

  private void goOn(Loop loop, FutureTask<String> running) throws Exception {
    await().until(() -> committed(P0) == 10);
    drain(loop, running);
    assertEachIsProducedOnceAndInOrder(10, 20, 1);
  }

  static Stream<RuntimeException> whatPeopleCanMendAtTheBroker() {
    return Stream.of(
        new RecordTooLargeException("larger than max.message.bytes"),
        new RecordBatchTooLargeException("larger than a segment"),
        new TopicAuthorizationException(Set.of("dead")),
        new InvalidTopicException("dead"),
        new UnknownTopicOrPartitionException("it is gone"),
        new PolicyViolationException("not by this one"),
        new TimeoutException("no leader"));
  }

  @ParameterizedTest
  @MethodSource("whatPeopleCanMendAtTheBroker")
  void deadLetterThatIsNotTakenWaitsAndTheOtherPartitionsGoOn(RuntimeException why)
      throws Exception {
    refusal = why;
    refused = "v4";
    var loop = poisoned().deadLetterTopic("dead").build();
    var running = runUntilOnlyTheLetterWaits(loop);
    assertThat(letterFailures().getFirst())
        .hasMessageContaining("dead-letter the record of orders-0 at offset 4")
        .hasCause(why);
    refused = null;
    goOn(loop, running);
    assertThat(producers).hasSize(1);
    assertThat(loop.status().figures().deadLetters()).isEqualTo(1);
  }

  /** A send to the topic would wait as well, with an open transaction. */
  @Test
  void deadLetterWhoseTopicDoesNotExistWaitsForItOutsideOfTransactions() throws Exception {
    missing = "dead";
    var loop = poisoned().deadLetterTopic("dead").build();
    var running = runUntilOnlyTheLetterWaits(loop);
    missing = null;
    goOn(loop, running);
    assertThat(producers).hasSize(1);
  }

  @Test
  void deadLetterThatHasNoAnswerWaitsAndTheOtherPartitionsGoOn() throws Exception {
    stalled = "v4";
    var loop = poisoned().deadLetterTopic("dead").build();
    var running = runUntilOnlyTheLetterWaits(loop);
    stalled = null;
    goOn(loop, running);
  }

  @Test
  void healthNamesTheLetterThatWaits() throws Exception {
    refusal = new RecordTooLargeException("larger than the topic allows");
    refused = "v4";
    var loop = poisoned().deadLetterTopic("dead").stuckAfter(Duration.ofMillis(300)).build();
    var running = runUntilOnlyTheLetterWaits(loop);
    await()
        .until(
            () ->
                loop.health().state() == State.STUCK
                    && loop.health()
                        .reason()
                        .matches(
                            "orders-0 stands at offset 4 for .*larger than the topic allows.*"));
    PartitionStatus status = loop.status().partitions().getFirst();
    Front front = Objects.requireNonNull(status.front());
    assertThat(front.offset()).isEqualTo(4);
    assertThat(loop.status().figures().deadLetters()).isZero();
    refused = null;
    goOn(loop, running);
  }

  @Test
  void partitionWhoseLetterWaitsIsPausedWhenItIsFull() throws Exception {
    refused = "v4";
    var loop = poisoned().deadLetterTopic("dead").buffer(10).lookAhead(30).build();
    var running = runUntilOnlyTheLetterWaits(loop);
    mock.schedulePollTask(() -> add(P0, 10, 40));
    await().until(() -> mock.paused().equals(Set.of(P0)));
    refused = null;
    await().until(() -> committed(P0) == 40 && mock.paused().isEmpty());
    drain(loop, running);
    assertEachIsProducedOnceAndInOrder(40, 20, 1);
  }

  @ParameterizedTest
  @CsvSource({"20000000, 0", "1, 0", "1, 2"}) // after 1 ns, the letter may be sent again at once
  void partitionsWhoseLettersWaitAreCommittedUpToThemAtTheEnd(
      long delayNanos, int refusalsBeforeTheEnd) throws Exception {
    refused = "v4";
    assign(10, P0, P1);
    var all = new CountDownLatch(20);
    var interval = refusalsBeforeTheEnd > 0 ? Duration.ofMillis(20) : Duration.ofHours(1);
    var loop =
        loop((record, output) -> {
              all.countDown();
              if (record.offset() == 4) {
                throw new IOException("poison");
              }
              output.send(
                  new ProducerRecord<>(
                      "invoices", "k", output(record.partition(), record.offset())));
            })
            .deadLetterTopic("dead")
            .deadLetterBackoff(Backoff.fixed(Duration.ofNanos(delayNanos)))
            .commitInterval(interval)
            .build();
    var running = start(loop, Context.background());
    all.await();
    await().until(() -> letterFailures().size() >= refusalsBeforeTheEnd);
    drain(loop, running);
    assertThat(produced()).hasSize(8).doesNotContain("v4");
    assertThat(lastTransaction(P0)).isEqualTo(4);
    assertThat(lastTransaction(P1)).isEqualTo(4);
  }

  private long lastTransaction(TopicPartition partition) {
    return Objects.requireNonNull(lastCommits.get(partition));
  }

  /** A refused output, while the dead-letter topic is down. */
  @Test
  void refusedOutputWaitsForDeadLettersOfTheApplicationAndTheOtherPartitionsGoOn()
      throws Exception {
    refused = output(0, 5);
    var down = new AtomicBoolean(true);
    var letters = new AtomicInteger();
    DeadLetters place =
        letter -> {
          if (down.get() && letter.record().offset() == 5) {
            throw new IOException("the place is down");
          }
          letters.incrementAndGet();
        };
    var loop = poisoned().deadLetters(place).build();
    assign(10, P0, P1);
    var running = start(loop, Context.background());
    await().until(() -> letterFailures().size() >= 2 && committed(P0) == 5);
    await().until(() -> committed(P1) == 10);
    down.set(false);
    await().until(() -> committed(P0) == 10);
    drain(loop, running);
    assertThat(letters).hasValue(2);
    assertThat(produced(0)).hasSize(8).doesNotContain(output(0, 5)).doesNotHaveDuplicates();
    assertThat(produced(1)).hasSize(10).doesNotHaveDuplicates();
  }
}
