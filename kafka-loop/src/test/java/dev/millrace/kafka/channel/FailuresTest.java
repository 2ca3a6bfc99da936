package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordFailedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

/** Records that fail. */
class FailuresTest extends WithMockConsumer {

  private static final Backoff SHORT = Backoff.fixed(Duration.ofMillis(1));

  private final List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());

  private FutureTask<String> startAndAwaitCommit(KafkaLoop<String, String> loop, long offset) {
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == offset);
    return running;
  }

  private static void drain(KafkaLoop<String, String> loop, FutureTask<String> running)
      throws Exception {
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
  }

  @Test
  void failedRecordIsTriedAgainBeforeThoseBehindIt() throws Exception {
    assign(5, P0);
    List<Long> handled = Collections.synchronizedList(new ArrayList<>());
    var attempts = new AtomicInteger();
    var loop =
        builder()
            .ordering(Ordering.KEY) // all records have the same key
            .retry(4, SHORT)
            .handler(
                record -> {
                  if (record.offset() == 2 && attempts.incrementAndGet() < 4) {
                    throw new IOException("not yet");
                  }
                  handled.add(record.offset());
                })
            .build();
    var running = startAndAwaitCommit(loop, 5);
    assertThat(handled).containsExactly(0L, 1L, 2L, 3L, 4L);
    await().until(() -> errors.size() == 3);
    assertThat(errors).allMatch(RecordFailedException.class::isInstance);
    assertThat(errors.getFirst())
        .hasMessageContaining("orders-0 at offset 2")
        .hasMessageContaining("attempt 1")
        .hasMessageContaining("not yet");
    drain(loop, running);
  }

  /** confluentinc/parallel-consumer: records that are retried for ever use all handlers. */
  @Test
  void recordsThatWaitForTheirNextAttemptKeepNoHandlerBusy() throws Exception {
    assign(50, P0);
    var others = new AtomicInteger();
    var loop =
        builder()
            .concurrency(2)
            .retryForever(Backoff.fixed(Duration.ofHours(1)))
            .handler(
                record -> {
                  if (record.offset() < 10) {
                    throw new IOException("poison");
                  }
                  others.incrementAndGet();
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> others.get() == 40);
    assertThat(committed(P0)).isLessThan(1);
    drain(loop, running);
  }

  @Test
  void recordWithoutAnAttemptLeftIsADeadLetter() throws Exception {
    assign(5, P0);
    var cause = new IOException("poison");
    var loop =
        builder()
            .retry(3, SHORT)
            .deadLetters(letters::add)
            .handler(
                record -> {
                  if (record.offset() == 1) {
                    throw cause;
                  }
                })
            .build();
    var running = startAndAwaitCommit(loop, 5);
    assertThat(letters).hasSize(1);
    DeadLetter letter = letters.getFirst();
    assertThat(letter.record().offset()).isEqualTo(1);
    assertThat(new String(letter.record().value(), StandardCharsets.UTF_8)).isEqualTo("v1");
    assertThat(letter.stage()).isEqualTo(DeadLetter.HANDLE);
    assertThat(letter.attempts()).isEqualTo(3);
    assertThat(letter.cause()).isSameAs(cause);
    drain(loop, running);
  }

  @Test
  void recordThatCanNotBeDeserializedTakesTheSameWay() throws Exception {
    assign(5, P0);
    var refuseAll = new AtomicBoolean(true);
    var loop =
        builder()
            .deserializers(
                new StringDeserializer(),
                new StringDeserializer() {
                  @Override
                  public String deserialize(String topic, byte[] data) {
                    if (refuseAll.get()) {
                      throw new IllegalArgumentException("not a text");
                    }
                    return super.deserialize(topic, data);
                  }
                })
            .deadLetters(letters::add)
            .handler(record -> {})
            .build();
    var running = startAndAwaitCommit(loop, 5);
    assertThat(letters)
        .hasSize(5)
        .allMatch(letter -> letter.stage().equals(DeadLetter.DESERIALIZE))
        .allMatch(letter -> letter.record().value() != null);
    drain(loop, running);
  }

  @Test
  void recordWaitsWhileTheDeadLettersAreDown() throws Exception {
    assign(5, P0);
    var down = new AtomicBoolean(true);
    var offered = new AtomicInteger();
    DeadLetters sometimes =
        letter -> {
          offered.incrementAndGet();
          if (down.get()) {
            throw new IOException("no broker");
          }
          letters.add(letter);
        };
    var loop =
        builder()
            .deadLetters(sometimes)
            .deadLetterBackoff(SHORT)
            .handler(
                record -> {
                  if (record.offset() == 1) {
                    throw new IOException("poison");
                  }
                })
            .build();
    var running = startAndAwaitCommit(loop, 1);
    await().until(() -> offered.get() > 10);
    assertThat(committed(P0)).isEqualTo(1);
    down.set(false);
    await().until(() -> committed(P0) == 5);
    assertThat(letters).hasSize(1);
    assertThat(errors.getFirst()).hasMessageContaining("it becomes a dead letter");
    assertThat(errors.get(1)).hasMessageContaining("to dead-letter the record of orders-0");
    drain(loop, running);
  }

  @Test
  void skippedRecordIsToldAndCommitted() throws Exception {
    assign(5, P0);
    var loop =
        builder()
            .deadLetters(DeadLetters.skip(letters::add))
            .handler(
                record -> {
                  throw new IOException("poison");
                })
            .build();
    drain(loop, startAndAwaitCommit(loop, 5));
    assertThat(letters).hasSize(5);
  }

  @Test
  void failureThatIsNotWorthAnotherAttemptGetsNone() throws Exception {
    assign(1, P0);
    var attempts = new AtomicInteger();
    var loop =
        builder()
            .retryForever(SHORT)
            .retryIf(IOException.class::isInstance)
            .deadLetters(letters::add)
            .handler(
                record -> {
                  attempts.incrementAndGet();
                  throw new IllegalArgumentException("never");
                })
            .build();
    drain(loop, startAndAwaitCommit(loop, 1));
    assertThat(attempts).hasValue(1);
    assertThat(letters).hasSize(1);
  }

  @Test
  void errorStopsTheLoopWhateverThePolicySays() throws Exception {
    assign(3, P0);
    var loop =
        builder()
            .retryForever(SHORT)
            .deadLetters(letters::add)
            .handler(
                record -> {
                  throw new LinkageError("no such method");
                })
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(LinkageError.class);
    assertThat(letters).isEmpty();
  }

  @Test
  void handlerCanNotChangeTheHeadersOfTheDeadLetter() throws Exception {
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(P0));
          mock.updateBeginningOffsets(Map.of(P0, 0L));
          var record = new ConsumerRecord<>("orders", 0, 0, bytes("k"), bytes("v"));
          record.headers().add("trace", bytes("1"));
          mock.addRecord(record);
        });
    var loop =
        builder()
            .deadLetters(letters::add)
            .handler(
                record -> {
                  record.headers().remove("trace");
                  throw new IOException("poison");
                })
            .build();
    drain(loop, startAndAwaitCommit(loop, 1));
    assertThat(letters.getFirst().record().headers().lastHeader("trace").value())
        .isEqualTo(bytes("1"));
  }
}
