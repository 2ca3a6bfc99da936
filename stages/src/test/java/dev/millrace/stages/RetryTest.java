package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.errors.Failure;
import dev.millrace.errors.Note;
import dev.millrace.errors.NotedException;
import dev.millrace.errors.RetryException;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class RetryTest {

  private static final Retry FIVE_TIMES = Retry.of(Backoff.none(), 5);
  private static final Retry WAITS_FOR_EVER = Retry.of(Backoff.fixed(Duration.ofHours(1)), 5);

  private final AtomicInteger calls = new AtomicInteger();

  /** Fails until the call with this number. */
  private StageFunction<String, Integer> succeedsAt(int call) {
    return element -> {
      int number = calls.incrementAndGet();
      if (number < call) {
        throw new IOException("call " + number);
      }
      return element.length();
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void callsUntilTheFunctionSucceeds(int call) throws Exception {
    assertThat(FIVE_TIMES.around(succeedsAt(call)).apply("four")).isEqualTo(4);
    assertThat(calls).hasValue(call);
  }

  @Test
  void failureHasTheNumberOfAttemptsAndTheLastCause() {
    assertThatThrownBy(() -> FIVE_TIMES.around(succeedsAt(6)).apply("x"))
        .isInstanceOf(RetryException.class)
        .satisfies(
            thrown -> {
              Failure<String> failure = Failure.of("stage", "x", thrown);
              assertThat(failure.attempt()).isEqualTo(5);
              assertThat(failure.cause()).isInstanceOf(IOException.class).hasMessage("call 5");
            });
    assertThat(calls).hasValue(5);
  }

  @Test
  void singleAttemptThrowsWhatTheFunctionThrew() {
    assertThatThrownBy(() -> Retry.of(Backoff.none(), 1).around(succeedsAt(2)).apply("x"))
        .isInstanceOf(IOException.class)
        .hasMessage("call 1");
  }

  @Test
  void attemptsOfRetriesWithinRetriesAddUp() {
    var inner = Retry.of(Backoff.none(), 3).around(succeedsAt(100));
    assertThatThrownBy(() -> Retry.of(Backoff.none(), 2).around(inner).apply("x"))
        .isInstanceOfSatisfying(
            RetryException.class, retry -> assertThat(retry.attempts()).isEqualTo(6))
        .hasCauseInstanceOf(IOException.class);
    assertThat(calls).hasValue(6);
  }

  @Test
  void delaysAreThoseOfTheBackoff() throws Exception {
    Retry retry = Retry.of(Backoff.linear(Duration.ofMillis(20), Duration.ofHours(1)), 4);
    List<Long> times = new ArrayList<>();
    retry
        .around(
            element -> {
              times.add(System.nanoTime());
              return succeedsAt(4).apply("x");
            })
        .apply("x");
    assertThat(times).hasSize(4);
    for (int i = 1; i < 4; i++) {
      assertThat(Duration.ofNanos(times.get(i) - times.get(i - 1)))
          .as("after attempt " + i)
          .isGreaterThanOrEqualTo(Duration.ofMillis(20L * i));
    }
  }

  @Test
  void delayOfLessThanAMillisecondIsNotCutOff() throws Exception {
    long start = System.nanoTime();
    Retry.of(Backoff.fixed(Duration.ofNanos(500_000)), 11).around(succeedsAt(11)).apply("x");
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isGreaterThanOrEqualTo(Duration.ofMillis(5));
  }

  @Test
  void predicateDecidesByTheLastFailure() {
    Retry retry = FIVE_TIMES.onlyIf(e -> !"call 3".equals(e.getMessage()));
    assertThatThrownBy(() -> retry.around(succeedsAt(6)).apply("x"))
        .isInstanceOfSatisfying(RetryException.class, e -> assertThat(e.attempts()).isEqualTo(3));
    assertThat(calls).hasValue(3);
  }

  @Test
  void predicateThatThrowsMakesTheFailureFinalAndIsNotHidden() {
    var broken = new IllegalStateException("broken predicate");
    Retry retry =
        FIVE_TIMES.onlyIf(
            e -> {
              throw broken;
            });
    assertThatThrownBy(() -> retry.around(succeedsAt(2)).apply("x"))
        .isInstanceOf(NotedException.class)
        .hasCauseInstanceOf(IOException.class)
        .hasSuppressedException(broken)
        .satisfies(
            thrown -> {
              Failure<String> failure = Failure.of("stage", "x", thrown);
              assertThat(failure.cause().getSuppressed()).isEmpty();
              assertThat(failure.notes()).containsExactly(broken);
            });
    assertThat(calls).hasValue(1);
  }

  /** Apache Kafka's clients throw such constants. */
  @SuppressWarnings("StaticAssignmentOfThrowable")
  private static final IOException SHARED = new IOException("shared");

  @Test
  void sharedExceptionOfAThousandElementsStaysAsItIs() {
    StageFunction<String, String> fails =
        element -> {
          throw SHARED;
        };
    StageFunction<String, String> retried = Retry.of(Backoff.none(), 2).around(fails);
    StageFunction<String, String> judged =
        FIVE_TIMES
            .onlyIf(
                e -> {
                  throw new IllegalStateException("broken predicate");
                })
            .around(fails);
    for (int i = 0; i < 1_000; i++) {
      assertThatThrownBy(() -> retried.apply("x"))
          .hasCause(SHARED)
          .satisfies(e -> assertThat(e.getSuppressed()).isEmpty());
      assertThatThrownBy(() -> judged.apply("x"))
          .hasCause(SHARED)
          .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    }
    assertThat(SHARED.getSuppressed()).isEmpty();
  }

  @Test
  void notesOfTheFunctionStayBesideItsFailure() {
    Note note = Note.of("of the function");
    StageFunction<String, String> fails =
        element -> {
          throw NotedException.of(SHARED, note);
        };
    assertThatThrownBy(
            () -> Retry.of(Backoff.none(), 3).onlyIf(SHARED::equals).around(fails).apply("x"))
        .isInstanceOfSatisfying(
            RetryException.class,
            e -> {
              assertThat(e.attempts()).isEqualTo(3);
              assertThat(e).hasCause(SHARED);
              assertThat(e.notes()).containsExactly(note);
            });
  }

  @Test
  void errorIsNeverRetried() {
    var error = new StackOverflowError("deep");
    StageFunction<String, String> function =
        element -> {
          calls.incrementAndGet();
          throw error;
        };
    assertThatThrownBy(() -> FIVE_TIMES.around(function).apply("x")).isSameAs(error);
    assertThat(calls).hasValue(1);
  }

  @Test
  void runtimeExceptionsAndThoseOfTheLibraryAreFailuresAsOthersAre() {
    var library = new dev.failsafe.FailsafeException(new InterruptedException());
    StageFunction<String, String> function =
        element -> {
          calls.incrementAndGet();
          throw library;
        };
    assertThatThrownBy(() -> FIVE_TIMES.around(function).apply("x"))
        .isInstanceOf(RetryException.class)
        .hasCause(library);
    assertThat(calls).hasValue(5);
  }

  @Test
  void interruptOfTheFunctionIsNeverRetried() {
    StageFunction<String, String> function =
        element -> {
          calls.incrementAndGet();
          throw new InterruptedException("told to stop");
        };
    assertThatThrownBy(() -> FIVE_TIMES.around(function).apply("x"))
        .isInstanceOf(InterruptedException.class);
    assertThat(calls).hasValue(1);
    assertThat(Thread.interrupted()).as("told by the exception").isFalse();
  }

  @Test
  void interruptBetweenTwoAttemptsEndsTheRetries() {
    var running = Running.start(() -> WAITS_FOR_EVER.around(succeedsAt(2)).apply("x"));
    await().until(() -> calls.get() == 1 && running.isBlocked());
    running.thread().interrupt();
    assertThatThrownBy(running::get)
        .isInstanceOf(InterruptedException.class)
        .satisfies(e -> assertThat(e.getSuppressed()[0]).as("why it waited").hasMessage("call 1"));
    assertThat(calls).hasValue(1);
  }

  @Test
  void interruptThatTheFunctionHasTurnedIntoAnotherExceptionIsKeptAndNotRetried() {
    StageFunction<String, String> function =
        element -> {
          calls.incrementAndGet();
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted");
        };
    var running = Running.start(() -> FIVE_TIMES.around(function).apply("x"));
    assertThatThrownBy(running::get).isInstanceOf(IllegalStateException.class);
    assertThat(calls).hasValue(1);
    assertThat(running.interruptKept()).isTrue();
  }

  @Test
  void cancelledContextEndsTheRetries() {
    try (var context = Context.background().withCancel()) {
      StageFunction<String, Integer> function =
          element -> {
            if (calls.get() == 1) {
              context.cancel();
            }
            return succeedsAt(5).apply(element);
          };
      assertThatThrownBy(() -> context.call(() -> FIVE_TIMES.around(function).apply("x")))
          .isInstanceOfSatisfying(RetryException.class, e -> assertThat(e.attempts()).isEqualTo(2));
    }
    assertThat(calls).hasValue(2);
  }

  @Test
  void attemptsMustBePossible() {
    assertThatThrownBy(() -> Retry.of(Backoff.none(), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 1");
  }
}
