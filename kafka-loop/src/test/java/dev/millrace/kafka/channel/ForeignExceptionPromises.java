package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * An exception of the application, or of Kafka, is never changed: it may be a constant, and what is
 * added to it would grow for ever, and be told for another record. On any face.
 */
@SuppressWarnings("StaticAssignmentOfThrowable") // as Kafka's own clients throw them
public abstract class ForeignExceptionPromises extends WithMockBroker {

  private static final int TIMES = 1_000;
  private static final Backoff SHORT = Backoff.fixed(Duration.ofMillis(1));

  private static final RuntimeException ALWAYS = new IllegalStateException("a constant");
  private static final KafkaException KAFKAS = new KafkaException("a constant of Kafka's");
  private static final KafkaException FATAL =
      new InvalidConfigurationException("a constant that nothing survives");
  private static final KafkaException AT_THE_END = new KafkaException("a constant at the end");

  private static final String TRACE = trace();

  private static String trace() {
    var text = new StringBuilder();
    for (Exception each : new Exception[] {ALWAYS, KAFKAS, FATAL, AT_THE_END}) {
      text.append(each).append(each.getCause());
      for (StackTraceElement frame : each.getStackTrace()) {
        text.append(frame);
      }
      for (Throwable suppressed : each.getSuppressed()) {
        text.append("suppressed ").append(suppressed);
      }
    }
    return text.toString();
  }

  /** The builder of a loop of that face with that handler, which may block. */
  protected abstract LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler);

  @AfterEach
  void constantsAreAsTheyWere() {
    assertThat(trace()).isEqualTo(TRACE);
  }

  @Test
  void handlerThatThrowsItAThousandTimes() throws Exception {
    assign(TIMES, P0);
    var letters = new AtomicInteger();
    Loop loop =
        handling(
                record -> {
                  throw ALWAYS;
                })
            .retry(2, SHORT)
            .deadLetters(letter -> letters.incrementAndGet())
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == TIMES);
    drain(loop, running);
    assertThat(letters).hasValue(TIMES);
  }

  @Test
  void handlersThatThrowItAtOnceAndStopTheLoop() {
    assign(TIMES, P0, P1);
    Loop loop =
        handling(
                record -> {
                  throw ALWAYS;
                })
            .build();
    assertThatThrownBy(() -> loop.run(Context.background())).hasCause(ALWAYS);
  }

  @Test
  void deadLettersThatThrowItAThousandTimes() throws Exception {
    assign(10, P0);
    var refusals = new AtomicInteger();
    Loop loop =
        handling(
                record -> {
                  throw ALWAYS;
                })
            .deadLetters(
                letter -> {
                  if (refusals.incrementAndGet() < TIMES) {
                    throw KAFKAS;
                  }
                })
            .deadLetterBackoff(Backoff.fixed(Duration.ofNanos(1)))
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 10);
    drain(loop, running);
    assertThat(refusals).hasValueGreaterThanOrEqualTo(TIMES);
  }

  @Test
  void commitsThatFailWithItAThousandTimes() throws Exception {
    assign(10, P0);
    commitFailure = KAFKAS;
    LoopBuilder<String, String, ?> builder = handling(record -> {});
    Loop loop = builder.commitInterval(Duration.ofNanos(1)).build();
    var running = start(loop, Context.background());
    await().until(() -> errors.size() >= TIMES);
    commitFailure = null;
    await().until(() -> committed(P0) == 10);
    drain(loop, running);
  }

  @Test
  void transactionsThatFailWithItAThousandTimes() throws Exception {
    assign(10, P0);
    failures.addAll(Collections.nCopies(TIMES, KAFKAS));
    abortFailure = AT_THE_END;
    LoopBuilder<String, String, ?> builder = loop((record, output) -> send(record.value(), output));
    Loop loop = builder.commitInterval(Duration.ofNanos(1)).build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 10);
    drain(loop, running);
    assertThat(errors)
        .hasSizeGreaterThanOrEqualTo(TIMES)
        .allSatisfy(
            e ->
                assertThat(e)
                    .hasCause(KAFKAS)
                    .hasMessageContaining(KAFKAS.getMessage())
                    .hasMessageContaining(AT_THE_END.getMessage())
                    .hasSuppressedException(AT_THE_END));
  }

  @Test
  void pollAndCloseThatBothFailWithOne() {
    closeFailure = AT_THE_END;
    mock.setPollException(FATAL);
    assertThatThrownBy(() -> handling(record -> {}).build().run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasCause(FATAL);
  }
}
