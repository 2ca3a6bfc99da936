package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.RecordFailedException;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.internal.drafts.Drafts;
import dev.millrace.kafka.internal.settings.ConsumerDraft;
import dev.millrace.kafka.internal.settings.LoopDraft;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What is told of records that fail, on any face. */
public abstract class FailureReportPromises extends WithLetters {

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
          .allMatch(line -> line.lines().count() == 1)
          .allMatch(line -> line.matches(".*poison of v\\d \\[error [0-9A-Z]{4}]"));
      assertThat(log.traces()).isEqualTo(1); // of both records, as they fail at the same place
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

  /** The fixtures set a listener; this is about the default one. */
  private static void forgetListener(LoopBuilder<String, String, ?> builder) {
    Drafts.loop(builder).onError = new LoopDraft<>(new ConsumerDraft<>()).onError;
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

  /** As Kafka's own clients throw constants, ProducerFencedException among them. */
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
}
