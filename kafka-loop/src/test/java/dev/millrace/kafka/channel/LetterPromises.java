package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetterFile;
import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RefusedLetters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of dead letters, and of the records behind them, on any face. */
public abstract class LetterPromises extends WithLetters {

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

  /** Two loops that send their letters to each other's topic. */
  @Test
  void letterThatGoesRoundInACircleStopsTheLoopByPolicy() {
    assign(0, P0);
    mock.schedulePollTask(
        () -> {
          var record = record(P0, 0);
          record.headers().add(DeadLetterHeaders.HOPS, bytes("16"));
          mock.addRecord(record);
        });
    List<Object> sent = Collections.synchronizedList(new ArrayList<>());
    var loop =
        poisoned()
            .deadLetters(letter -> sent.add(letter.toRecord("dead")))
            .refusedLetters(RefusedLetters.stop())
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasStackTraceContaining("it goes round in a circle")
        .hasMessageContaining("orders-0 at offset 0");
    assertThat(sent).isEmpty();
    assertThat(lastCommits).doesNotContainEntry(P0, 1L);
  }

  // Letters that are not taken

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

  // Letters hold no handler's place

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
                  down.await(); // as a producer does whose topic does not exist
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

  /** Of one partition, at concurrency 1: the second is sent before the first one is safe. */
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

  /** As a producer does whose topic is missing: the letters behind it would overtake it. */
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
}
