package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.CorruptRecords;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.builder.LoopBuilder;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Which failures are tried again, which stop the loop, and what parts that throw change, on any
 * face.
 */
public abstract class RecordFailurePromises extends WithLetters {

  // Which failures are tried again

  private LoopBuilder<String, String, ?> undeserializable(
      AtomicInteger attempts, Supplier<RuntimeException> failure) {
    return handling(record -> {})
        .deserializers(
            new StringDeserializer(),
            new StringDeserializer() {
              @Override
              public String deserialize(String topic, byte[] data) {
                attempts.incrementAndGet();
                throw failure.get();
              }
            });
  }

  @Test
  void recordThatCannotBeDeserializedIsNotTriedAgainByDefault() throws Exception {
    assign(1, P0);
    var attempts = new AtomicInteger();
    var loop =
        undeserializable(attempts, () -> new IllegalArgumentException("not a text"))
            .retry(5, SHORT)
            .deadLetters(letters::add)
            .build();
    drain(loop, startAndAwaitCommit(loop, 1));
    assertThat(attempts).hasValue(1);
    assertThat(letters.getFirst().attempts()).isEqualTo(1);
  }

  @Test
  void deserializerWhoseRegistryIsAwayIsTriedAgain() throws Exception {
    assign(1, P0);
    var attempts = new AtomicInteger();
    var loop =
        undeserializable(
                attempts,
                () -> new IllegalStateException("no schema", new ConnectException("refused")))
            .retry(5, SHORT)
            .deadLetters(letters::add)
            .build();
    drain(loop, startAndAwaitCommit(loop, 1));
    assertThat(letters.getFirst().attempts()).isEqualTo(5);
  }

  // Records that cannot be read

  @Test
  void recordWhoseBatchIsCorruptStopsTheLoopWhichNamesIt() {
    assignWithCorruptRecordAt(2, 5);
    var loop = handling(record -> {}).deadLetters(letters::add).build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasMessageContaining("the record of orders-0 at offset 2 cannot be read")
        .hasMessageContaining("corruptRecords(FAIL)")
        .hasMessageContaining("Record is corrupt");
    assertThat(letters).isEmpty();
  }

  @Test
  void recordWhoseBatchIsCorruptIsADeadLetterByPolicyAndTheLoopGoesOnBehindIt() throws Exception {
    assignWithCorruptRecordAt(2, 5);
    var handled = new AtomicInteger();
    var loop =
        handling(record -> handled.incrementAndGet())
            .retry(3, SHORT)
            .corruptRecords(CorruptRecords.FAIL)
            .deadLetters(letters::add)
            .build();
    drain(loop, startAndAwaitCommit(loop, 5));
    assertThat(handled).hasValue(4);
    assertThat(letters).hasSize(1);
    DeadLetter letter = letters.getFirst();
    assertThat(letter.stage()).isEqualTo(DeadLetter.FETCH);
    assertThat(letter.attempts()).isEqualTo(1);
    assertThat(letter.record().offset()).isEqualTo(2);
    assertThat(letter.toRecord("dead").value()).isNull();
    assertThat(loop.status().figures().failures()).containsEntry("fetch", 1L);
  }

  // Errors, and parts of the application that throw

  @Test
  void errorOfOneRecordIsAFailureOfThatRecord() throws Exception {
    assign(3, P0);
    var loop =
        handling(
                record -> {
                  if (record.offset() == 1) {
                    throw new StackOverflowError();
                  }
                })
            .deadLetters(letters::add)
            .build();
    drain(loop, startAndAwaitCommit(loop, 3));
    assertThat(letters).hasSize(1);
    assertThat(letters.getFirst().cause()).isInstanceOf(StackOverflowError.class);
  }

  @ParameterizedTest
  @ValueSource(classes = {OutOfMemoryError.class, NoClassDefFoundError.class})
  void errorOfTheJvmOrTheProgramStopsTheLoop(Class<? extends Error> type) {
    assign(3, P0);
    var loop =
        handling(
                record -> {
                  throw type.getConstructor(String.class).newInstance("told by the test");
                })
            .retryForever(SHORT)
            .deadLetters(letters::add)
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasCauseInstanceOf(type)
        .hasMessageContaining("orders-0 at offset ");
    assertThat(letters).isEmpty();
  }

  @Test
  void listenersThatThrowAreLoggedAndChangeNothing() throws Exception {
    assign(3, P0);
    try (var log = new LogLines(LOOP)) {
      var loop =
          poisoned()
              .retry(2, SHORT)
              .deadLetters(letters::add)
              .onError(
                  e -> {
                    throw new IllegalStateException("the listener is broken");
                  })
              .onNotification(
                  change -> {
                    throw new IllegalStateException("this one too");
                  })
              .build();
      drain(loop, startAndAwaitCommit(loop, 3));
      assertThat(letters).hasSize(3);
      assertThat(log.lines())
          .anyMatch(
              line ->
                  line.startsWith("onError(…) has thrown")
                      && line.contains("the listener is broken")
                      && line.contains("orders-0 at offset 2")
                      && line.contains("poison of"));
      assertThat(log.lines()).anyMatch(line -> line.startsWith("onNotification(…) has thrown"));
    }
  }

  @Test
  void observerThatThrowsIsLoggedAndChangesNothing() throws Exception {
    assign(3, P0);
    var loop =
        handling(
                record -> {
                  if (record.offset() == 1) {
                    throw new IOException("poison");
                  }
                })
            .deadLetters(letters::add)
            .observer(new Broken())
            .build();
    drain(loop, startAndAwaitCommit(loop, 3));
    assertThat(letters).hasSize(1);
    assertThat(loop.status().figures().settled()).isEqualTo(3);
  }

  private static final class Broken implements ConsumerObserver {
    @Override
    public PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
      return new PartitionObserver() {
        @Override
        public void settled(long nanoseconds) {
          throw new IllegalStateException("settled");
        }

        @Override
        public void handled() {
          throw new IllegalStateException("handled");
        }

        @Override
        public void failed(String stage) {
          throw new IllegalStateException("failed");
        }

        @Override
        public void deadLettered(DeadLetter letter) {
          throw new IllegalStateException("dead letter");
        }
      };
    }

    @Override
    public void rebalanced(String group, Notification change) {
      throw new IllegalStateException("rebalanced");
    }

    @Override
    public void committed(String group, Duration took) {
      throw new IllegalStateException("committed");
    }
  }

  @Test
  void retryIfThatThrowsStopsTheLoopAndNamesBoth() {
    assign(1, P0);
    var loop =
        poisoned()
            .retry(2, SHORT)
            .retryIf(
                e -> {
                  throw new IllegalStateException("the predicate is broken");
                })
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasCauseInstanceOf(IOException.class)
        .satisfies(
            e ->
                assertThat(e.getSuppressed())
                    .singleElement()
                    .isInstanceOf(IllegalStateException.class))
        .hasMessageContaining("orders-0 at offset 0")
        .hasMessageContaining("the predicate is broken")
        .hasMessageContaining("poison");
  }

  /** An interrupt that a handler leaves behind is nothing to the letter. */
  @Test
  void interruptOfAHandlerIsNothingToTheLetter() throws Exception {
    assign(2, P0);
    var interrupted = new AtomicBoolean();
    var loop =
        handling(
                record -> {
                  Thread.currentThread().interrupt();
                  throw new IOException("poison");
                })
            .deadLetters(
                letter -> {
                  if (Thread.interrupted()) {
                    interrupted.set(true);
                  }
                })
            .build();
    drain(loop, startAndAwaitCommit(loop, 2));
    assertThat(interrupted).isFalse();
  }
}
