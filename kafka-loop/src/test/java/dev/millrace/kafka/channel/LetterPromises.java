package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.CorruptRecords;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetterFile;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopBuilder;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.RefusedLetters;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Failed records and their reports, on any face. */
public abstract class LetterPromises extends WithMockConsumer {

  private static final Backoff SHORT = Backoff.fixed(Duration.ofMillis(1));
  private static final String RECORDS = "dev.millrace.kafka.records";
  private static final String LOOP = "dev.millrace.kafka.loop";

  private final List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());

  /** The builder of a loop of this face with the handler. */
  protected abstract LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler);

  private LoopBuilder<String, String, ?> poisoned() {
    return handling(
        record -> {
          throw new IOException("poison of\n" + record.value());
        });
  }

  private FutureTask<String> startAndAwaitCommit(Loop loop, long offset) {
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == offset);
    return running;
  }

  private static void drain(Loop loop, FutureTask<String> running) throws Exception {
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
  }

  // Reports

  @Test
  void deadLetterIsAnEventALogLineAndAFigure() throws Exception {
    assign(2, P0);
    try (var log = new LogLines(RECORDS)) {
      var loop = poisoned().retry(2, SHORT).deadLetters(letters::add).build();
      drain(loop, startAndAwaitCommit(loop, 2));
      List<LoopEvent> events = new ArrayList<>();
      loop.events().forEach(events::add);
      assertThat(events)
          .filteredOn(LoopEvent.DeadLettered.class::isInstance)
          .hasSize(2)
          .anySatisfy(
              event -> {
                assertThat(event.text())
                    .isEqualTo(
                        "dead letter: orders-0 at offset 1: 'handle' failed after 2 attempts in the"
                            + " group test: java.io.IOException: poison of v1");
                assertThat(((LoopEvent.DeadLettered) event).letter().group()).isEqualTo("test");
              });
      assertThat(log.lines())
          .filteredOn(line -> line.startsWith("dead letter: "))
          .hasSize(2)
          .allMatch(line -> line.lines().count() == 1);
      assertThat(log.traces())
          .isEqualTo(1); // one trace for both records, because they fail at the same place
      assertThat(loop.status().figures().deadLetters()).isEqualTo(2);
      assertThat(loop.status().figures().deadLettersByReason())
          .isEqualTo(Map.of("IOException", 2L));
    }
  }

  @Test
  void lastFailedAttemptIsToldAsSuch() throws Exception {
    assign(1, P0);
    var loop = poisoned().retry(2, SHORT).deadLetters(letters::add).build();
    drain(loop, startAndAwaitCommit(loop, 1));
    assertThat(errors)
        .extracting(e -> ((RecordFailedException) e).isLast())
        .containsExactly(false, true);
    assertThat(errors.getLast())
        .hasMessage(
            "attempt 2 to handle the record of orders-0 at offset 0 failed, it becomes a dead"
                + " letter: java.io.IOException: poison of v0");
  }

  @Test
  void attemptsAreOneLineEachAndTheTraceOncePerKind() throws Exception {
    assign(1, P0);
    try (var log = new LogLines(RECORDS)) {
      var attempts = new AtomicInteger();
      var builder =
          handling(
              record -> {
                if (attempts.incrementAndGet() < 10) {
                  throw new IOException("not yet");
                }
              });
      forgetListener(builder);
      var loop = builder.retryForever(SHORT).build();
      drain(loop, startAndAwaitCommit(loop, 1));
      assertThat(log.lines()).hasSize(9).allMatch(line -> line.startsWith("attempt "));
      assertThat(log.traces()).isEqualTo(1);
    }
  }

  /** Removes the listener of the fixtures, to test the default one. */
  private static void forgetListener(LoopBuilder<String, String, ?> builder) throws Exception {
    var loop = LoopBuilder.class.getDeclaredField("loop");
    loop.setAccessible(true);
    var settings = (dev.millrace.kafka.internal.settings.LoopSettings) loop.get(builder);
    settings.onError = new dev.millrace.kafka.internal.settings.LoopSettings().onError;
  }

  @Test
  void loopThatStopsNamesRecordAttemptAndWhatToDo() {
    assign(3, P0);
    var loop =
        handling(
                record -> {
                  if (record.offset() == 1) {
                    throw new IOException("poison");
                  }
                })
            .retry(2, SHORT)
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasCause(new IOException("poison"))
        .hasMessageContaining(
            "the loop stops: attempt 2 to handle the record of orders-0 at offset 1")
        .hasMessageContaining("deadLetterTopic(…)")
        .hasMessageContaining("commit offset 2");
    assertThat(loop.health().reason()).contains("orders-0 at offset 1");
  }

  /** Kafka's own clients throw constants, for example ProducerFencedException. */
  @Test
  void exceptionOfTheApplicationIsNeverChanged() {
    assign(3, P0);
    var always = new IOException("a constant");
    var loop =
        handling(
                record -> {
                  throw always;
                })
            .retry(3, SHORT)
            .build();
    assertThatThrownBy(() -> loop.run(Context.background())).hasCause(always);
    assertThat(always.getSuppressed()).isEmpty();
  }

  @Test
  void failureWhoseTextCannotBeHadIsDescribedAllTheSame() throws Exception {
    assign(1, P0);
    var loop =
        handling(
                record -> {
                  throw new NoText();
                })
            .retry(2, SHORT)
            .deadLetters(letters::add)
            .build();
    drain(loop, startAndAwaitCommit(loop, 1));
    assertThat(errors.getFirst()).hasMessageContaining("orders-0 at offset 0");
    assertThat(letters.getFirst().toString()).contains("NoText");
    assertThat(letters.getFirst().toRecord("dead").headers()).isNotEmpty();
  }

  private static final class NoText extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no text");
    }
  }

  @Test
  void longTextOfAFailureIsCut() throws Exception {
    assign(1, P0);
    var loop =
        handling(
                record -> {
                  throw new IOException("x".repeat(1_000_000));
                })
            .deadLetters(letters::add)
            .build();
    drain(loop, startAndAwaitCommit(loop, 1));
    assertThat(errors.getFirst().getMessage()).hasSizeLessThan(1000);
    assertThat(letters.getFirst().toString()).hasSizeLessThan(1000);
  }

  // Circles

  @Test
  void deadLetterTopicThatIsConsumedIsRefusedAtBuild() {
    var builder = handling(record -> {}).deadLetterTopic("orders");
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("deadLetterTopic(\"orders\")")
        .hasMessageContaining("[orders]");
    var byPattern =
        handling(record -> {}).topics(Pattern.compile("ord.*")).deadLetterTopic("ord.dead");
    assertThatThrownBy(byPattern::build)
        .hasMessageContaining("deadLetterTopic(\"ord.dead\")")
        .hasMessageContaining("pattern ord.*");
  }

  // Letters that are refused

  @Test
  void producerOfLettersIsConfiguredAndUnsafeSettingsAreRefused() {
    handling(record -> {})
        .deadLetterTopic("dead")
        .producerProperties(Map.of("max.request.size", "5000000"))
        .build();
    var unsafe =
        handling(record -> {}).deadLetterTopic("dead").producerProperties(Map.of("acks", "1"));
    assertThatThrownBy(unsafe::build).hasMessageContaining("'acks' is '1'");
    var transactional =
        handling(record -> {})
            .deadLetterTopic("dead")
            .producerProperties(Map.of("transactional.id", "one"));
    assertThatThrownBy(transactional::build).hasMessageContaining("'transactional.id'");
    var without = handling(record -> {}).producerProperties(Map.of("linger.ms", "0"));
    assertThatThrownBy(without::build).hasMessageContaining("deadLetterTopic(…)");
  }

  private static final DeadLetters REFUSING =
      letter -> {
        throw new RecordTooLargeException("1048577 bytes");
      };

  @Test
  void letterThatIsTooLargeIsKeptAndToldByDefault() throws Exception {
    assign(3, P0);
    var loop = poisoned().deadLetters(REFUSING).deadLetterBackoff(SHORT).build();
    var running = start(loop, Context.background());
    await()
        .untilAsserted(
            () ->
                assertThat(errors.toArray(Exception[]::new))
                    .filteredOn(e -> e.toString().contains("dead-letter"))
                    .hasSizeGreaterThan(5)
                    .allMatch(e -> e.toString().contains("max.message.bytes"))
                    .allMatch(e -> e.toString().contains("refusedLetters(…)")));
    assertThat(committed(P0)).isLessThan(1);
    drain(loop, running);
  }

  @Test
  void letterThatIsTooLargeStopsTheLoopByPolicy() {
    assign(1, P0);
    var loop = poisoned().deadLetters(REFUSING).refusedLetters(RefusedLetters.stop()).build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasCauseInstanceOf(RecordTooLargeException.class)
        .hasMessageContaining("dead-letter the record of orders-0 at offset 0")
        .hasMessageContaining("refusedLetters(…)");
  }

  @Test
  void letterThatIsTooLargeGoesToASecondPlaceByPolicy(@TempDir Path folder) throws Exception {
    assign(3, P0);
    Path path = folder.resolve("refused.jsonl");
    try (var file = DeadLetterFile.open(path)) {
      var loop = poisoned().deadLetters(REFUSING).refusedLetters(RefusedLetters.to(file)).build();
      drain(loop, startAndAwaitCommit(loop, 3));
      assertThat(loop.status().figures().deadLetters()).isEqualTo(3);
    }
    assertThat(Files.readAllLines(path))
        .hasSize(3)
        .anyMatch(
            line ->
                line.contains("\"topic\":\"orders\",\"partition\":0,\"offset\":1")
                    && line.contains("\"value\":\"djE=\"")
                    && line.contains("poison of\\u000av1"));
  }

  // Letters use no handler

  @Test
  void letterThatWaitsHoldsNoHandlersPlace() throws Exception {
    assign(0, P0, P1);
    mock.schedulePollTask(() -> add(P0, 0, 5));
    var offered = new CountDownLatch(1);
    var handled = new AtomicInteger();
    var down = new CountDownLatch(1);
    var loop =
        handling(
                record -> {
                  if (record.partition() == 0) {
                    throw new IOException("poison");
                  }
                  handled.incrementAndGet();
                })
            .ordering(Ordering.PARTITION)
            .concurrency(1)
            .deadLetters(
                letter -> {
                  offered.countDown();
                  down.await(); // like a producer whose topic does not exist
                })
            .build();
    var running = start(loop, Context.background());
    offered.await();
    mock.schedulePollTask(() -> add(P1, 0, 5));
    await().until(() -> handled.get() == 5 && committed(P1) == 5);
    assertThat(committed(P0)).isLessThan(1);
    down.countDown();
    await().until(() -> committed(P0) == 5);
    drain(loop, running);
  }

  /** One partition, concurrency 1: the second letter is sent before the first one is safe. */
  @Test
  void lettersAreSentTogetherAndInOrderAndAreCommittedInOrder() throws Exception {
    assign(20, P0);
    List<Long> begun = Collections.synchronizedList(new ArrayList<>());
    List<CompletableFuture<Object>> answers = Collections.synchronizedList(new ArrayList<>());
    var topic =
        new DeadLetters() {
          @Override
          public Future<?> begin(DeadLetter letter) {
            var answer = new CompletableFuture<Object>();
            synchronized (begun) {
              begun.add(letter.record().offset());
              answers.add(answer);
            }
            return answer;
          }

          @Override
          public void accept(DeadLetter letter) {
            throw new AssertionError("the loop begins letters");
          }
        };
    var loop = poisoned().ordering(Ordering.PARTITION).concurrency(1).deadLetters(topic).build();
    var running = start(loop, Context.background());
    await().until(() -> begun.size() == 20);
    assertThat(begun).isSorted();
    answers.get(3).complete(true);
    await().until(() -> loop.status().figures().deadLetters() == 1);
    assertThat(committed(P0)).isLessThan(1);
    answers.forEach(answer -> answer.complete(true));
    await().until(() -> committed(P0) == 20);
    drain(loop, running);
  }

  @Test
  void drainWaitsForLettersThatAreOnTheirWay() throws Exception {
    assign(1, P0);
    var answer = new CompletableFuture<Object>();
    var begun = new CountDownLatch(1);
    var topic =
        new DeadLetters() {
          @Override
          public Future<?> begin(DeadLetter letter) {
            begun.countDown();
            return answer;
          }

          @Override
          public void accept(DeadLetter letter) {}
        };
    var loop = poisoned().deadLetters(topic).build();
    var running = start(loop, Context.background());
    begun.await();
    var drain =
        new FutureTask<>(
            () -> {
              loop.drain(Duration.ofSeconds(20));
              return true;
            });
    Thread.ofVirtual().start(drain);
    Thread.ofVirtual()
        .start(
            () -> {
              await().until(() -> drain.isDone() || !loop.health().isAlive() || isDraining(loop));
              answer.complete(true);
            });
    drain.get();
    assertThat(running.get()).isEqualTo("ended");
    assertThat(lastCommits.get(P0)).isEqualTo(1);
  }

  private static boolean isDraining(Loop loop) {
    return loop.partitions().stream().allMatch(one -> one.inFlight() <= 1);
  }

  /** Like a producer whose topic is missing: the letters behind it would overtake it. */
  @Test
  void recordsBehindALetterThatFailsAtOnceWait() throws Exception {
    assign(3, P0);
    var handled = new AtomicInteger();
    var down = new AtomicBoolean(true);
    var topic =
        new DeadLetters() {
          @Override
          public Future<?> begin(DeadLetter letter) {
            return down.get()
                ? CompletableFuture.failedFuture(new IOException("no topic"))
                : CompletableFuture.completedFuture(null);
          }

          @Override
          public void accept(DeadLetter letter) {}
        };
    var loop =
        handling(
                record -> {
                  handled.incrementAndGet();
                  if (record.offset() == 0) {
                    throw new IOException("poison");
                  }
                })
            .ordering(Ordering.PARTITION)
            .deadLetters(topic)
            .deadLetterBackoff(SHORT)
            .build();
    var running = start(loop, Context.background());
    await().until(() -> errors.size() > 5);
    assertThat(handled).hasValue(1);
    down.set(false);
    await().until(() -> committed(P0) == 3);
    drain(loop, running);
  }

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

  /**
   * The exception of Kafka's consumer; see apache/kafka CompletedFetch, KAFKA-4740 and its
   * successors.
   */
  private static KafkaException corrupt() {
    return new KafkaException(
        "Received exception when fetching the next record from orders-0. If needed, please seek"
            + " past the record to continue consumption.",
        new KafkaException(
            "Record batch for partition orders-0 at offset 2 is invalid, cause: Record is"
                + " corrupt"));
  }

  private void assignWithCorruptRecordAt(int offset) {
    assign(offset, P0);
    mock.schedulePollTask(() -> failWhenReached(offset));
  }

  /** Like a broker: the corrupt batch fails when all records before it have been read. */
  private void failWhenReached(int offset) {
    if (mock.position(P0) < offset) {
      mock.schedulePollTask(() -> failWhenReached(offset));
    } else {
      mock.setPollException(corrupt());
      mock.schedulePollTask(() -> add(P0, offset + 1, 5));
    }
  }

  @Test
  void recordWhoseBatchIsCorruptStopsTheLoopWhichNamesIt() {
    assignWithCorruptRecordAt(2);
    var loop = handling(record -> {}).deadLetters(letters::add).build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasMessageContaining("the record of orders-0 at offset 2 cannot be read")
        .hasMessageContaining("corruptRecords(FAIL)")
        .hasMessageContaining("Record is corrupt");
    assertThat(letters).isEmpty();
  }

  @Test
  void recordWhoseBatchIsCorruptIsADeadLetterByPolicyAndTheLoopGoesOnBehindIt() throws Exception {
    assignWithCorruptRecordAt(2);
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

  /** An interrupt that a handler leaves behind does not affect the letter. */
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
