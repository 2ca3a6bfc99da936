package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.errors.NotedException;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.stages.CircuitBreaker.State;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

@org.junit.jupiter.api.Timeout(60)
class CircuitBreakerTest {

  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration MOMENT = Duration.ofMillis(50);

  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicBoolean broken = new AtomicBoolean(true);

  private final StageFunction<String, String> function =
      element -> {
        calls.incrementAndGet();
        if (broken.get()) {
          throw new IOException("down");
        }
        return "live " + element;
      };

  private void fail(StageFunction<String, String> guarded, int times) {
    for (int i = 0; i < times; i++) {
      assertThatThrownBy(() -> guarded.apply("x")).isInstanceOf(IOException.class);
    }
  }

  @Test
  void opensAfterFailuresInARowAndThenCallsNoMore() {
    CircuitBreaker breaker = CircuitBreaker.of(3, HOUR);
    StageFunction<String, String> guarded = breaker.around(function);
    fail(guarded, 2);
    assertThat(breaker.state()).isEqualTo(State.CLOSED);
    fail(guarded, 1);
    assertThat(breaker.state()).isEqualTo(State.OPEN);
    assertThatThrownBy(() -> guarded.apply("x"))
        .isInstanceOf(CircuitOpenException.class)
        .hasMessageStartingWith("the circuit breaker is open for another PT");
    assertThat(calls).hasValue(3);
  }

  @Test
  void successInBetweenStartsTheCountAnew() throws Exception {
    CircuitBreaker breaker = CircuitBreaker.of(3, HOUR);
    StageFunction<String, String> guarded = breaker.around(function);
    fail(guarded, 2);
    broken.set(false);
    assertThat(guarded.apply("x")).isEqualTo("live x");
    broken.set(true);
    fail(guarded, 2);
    assertThat(breaker.state()).isEqualTo(State.CLOSED);
  }

  @Test
  void fallbackAnswersWhileItIsOpenAndOnlyThen() throws Exception {
    CircuitBreaker breaker = CircuitBreaker.of(1, HOUR);
    StageFunction<String, String> guarded =
        breaker.around(function, element -> "last known " + element);
    fail(guarded, 1);
    assertThat(guarded.apply("x")).isEqualTo("last known x");
    assertThat(calls).hasValue(1);
  }

  @Test
  void halfOpenBreakerLetsOneThroughAndClosesWhenItSucceeds() throws Exception {
    CircuitBreaker breaker = CircuitBreaker.of(3, MOMENT);
    fail(breaker.around(function), 3);
    broken.set(false);
    var inside = new CountDownLatch(1);
    var release = new CountDownLatch(1);
    StageFunction<String, String> slow =
        breaker.around(
            element -> {
              inside.countDown();
              release.await();
              return function.apply(element);
            },
            element -> {
              throw new CircuitOpenException(Duration.ZERO);
            });
    var probe =
        Running.start(
            () ->
                await()
                    .ignoreExceptionsInstanceOf(CircuitOpenException.class)
                    .until(() -> slow.apply("x"), result -> true));
    inside.await();
    assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
    assertThatThrownBy(() -> breaker.around(function).apply("y"))
        .isInstanceOf(CircuitOpenException.class)
        .hasMessageContaining("probe is under way");
    release.countDown();
    assertThat(probe.get()).isEqualTo("live x");
    assertThat(breaker.state()).isEqualTo(State.CLOSED);
    assertThat(breaker.around(function).apply("y")).isEqualTo("live y");
  }

  /** Waits until the breaker allows a call. */
  private void probe(CircuitBreaker breaker, StageFunction<String, String> probe) {
    var probed = new AtomicBoolean();
    StageFunction<String, String> guarded =
        breaker.around(
            element -> {
              probed.set(true);
              return probe.apply(element);
            });
    await()
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> {
              try {
                guarded.apply("x");
              } catch (CircuitOpenException e) {
                return false;
              } catch (Exception e) {
                return probed.get();
              }
              return probed.get();
            });
  }

  @Test
  void probeThatFailsOpensItAgain() {
    CircuitBreaker breaker = CircuitBreaker.of(1, MOMENT);
    fail(breaker.around(function), 1);
    probe(breaker, function);
    assertThat(breaker.state()).isEqualTo(State.OPEN);
    broken.set(false);
    probe(breaker, function);
    assertThat(breaker.state()).isEqualTo(State.CLOSED);
  }

  @Test
  void interruptOfAProbeOpensItAgainInsteadOfStayingHalfOpenForEver() {
    CircuitBreaker breaker = CircuitBreaker.of(1, MOMENT);
    fail(breaker.around(function), 1);
    probe(
        breaker,
        element -> {
          throw new InterruptedException();
        });
    assertThat(breaker.state()).isEqualTo(State.OPEN);
    broken.set(false);
    probe(breaker, function);
    assertThat(breaker.state()).isEqualTo(State.CLOSED);
  }

  @Test
  void interruptedCallsDoNotOpenIt() {
    CircuitBreaker breaker = CircuitBreaker.of(1, HOUR);
    StageFunction<String, String> interrupted =
        breaker.around(
            element -> {
              throw new InterruptedException();
            });
    assertThatThrownBy(() -> interrupted.apply("x")).isInstanceOf(InterruptedException.class);
    assertThat(breaker.state()).isEqualTo(State.CLOSED);
    StageFunction<String, String> disguised =
        breaker.around(
            element -> {
              Thread.currentThread().interrupt();
              throw new IOException("interrupted");
            });
    assertThatThrownBy(() -> disguised.apply("x")).isInstanceOf(IOException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(breaker.state()).isEqualTo(State.CLOSED);
  }

  @Test
  void timeoutInsideCounts() {
    CircuitBreaker breaker = CircuitBreaker.of(1, HOUR);
    StageFunction<String, String> guarded =
        breaker.around(
            Timeout.of(Duration.ofMillis(10))
                .around(
                    element -> {
                      new CountDownLatch(1).await();
                      return element;
                    }));
    assertThatThrownBy(() -> guarded.apply("x"))
        .isInstanceOf(java.util.concurrent.TimeoutException.class);
    assertThat(breaker.state()).isEqualTo(State.OPEN);
  }

  @Test
  void errorCounts() {
    CircuitBreaker breaker = CircuitBreaker.of(1, HOUR);
    var error = new StackOverflowError("deep");
    assertThatThrownBy(
            () ->
                breaker
                    .around(
                        element -> {
                          throw error;
                        })
                    .apply("x"))
        .isSameAs(error);
    assertThat(breaker.state()).isEqualTo(State.OPEN);
  }

  @Test
  void onlyFailuresThatFitCountAndTheStateIsShared() {
    CircuitBreaker all = CircuitBreaker.of(1, HOUR);
    CircuitBreaker some = all.onlyIf(e -> !"down".equals(e.getMessage()));
    fail(some.around(function), 3);
    assertThat(all.state()).isEqualTo(State.CLOSED);
    fail(all.around(function), 1);
    assertThat(some.state()).isEqualTo(State.OPEN);
  }

  @Test
  void callBegunBeforeItOpenedDoesNotDecideTheProbe() throws Exception {
    CircuitBreaker breaker = CircuitBreaker.of(1, MOMENT);
    var inside = new CountDownLatch(1);
    var release = new CountDownLatch(1);
    var old =
        Running.start(
            () ->
                breaker
                    .around(
                        element -> {
                          inside.countDown();
                          release.await();
                          return element;
                        })
                    .apply("old"));
    inside.await();
    fail(breaker.around(function), 1);
    probe(
        breaker,
        element -> {
          release.countDown();
          assertThat(old.get()).isEqualTo("old");
          assertThat(breaker.state())
              .as("after the success of the old call")
              .isEqualTo(State.HALF_OPEN);
          throw new IOException("still down");
        });
    assertThat(breaker.state()).isEqualTo(State.OPEN);
  }

  @Test
  void rateOfFailuresOpensIt() throws Exception {
    CircuitBreaker breaker = CircuitBreaker.ofRate(50, 4, HOUR, HOUR);
    StageFunction<String, String> guarded = breaker.around(function);
    broken.set(false);
    guarded.apply("x");
    guarded.apply("x");
    broken.set(true);
    fail(guarded, 1);
    assertThat(breaker.state()).isEqualTo(State.CLOSED);
    fail(guarded, 1);
    assertThat(breaker.state()).isEqualTo(State.OPEN);
  }

  @Test
  void badSettingsAreRefused() {
    assertThatThrownBy(() -> CircuitBreaker.of(0, HOUR))
        .hasMessage("the number of failures must be at least 1, but is 0");
    assertThatThrownBy(() -> CircuitBreaker.of(1, Duration.ZERO))
        .hasMessageContaining("must be positive");
    assertThatThrownBy(() -> CircuitBreaker.ofRate(101, 1, HOUR, HOUR))
        .hasMessageContaining("between 1 and 100 percent");
    assertThatThrownBy(() -> CircuitBreaker.ofRate(50, 0, HOUR, HOUR))
        .hasMessageContaining("at least 1");
    assertThatThrownBy(() -> CircuitBreaker.ofRate(50, 1, Duration.ofMillis(9), HOUR))
        .hasMessageContaining("at least 10 ms");
  }

  /** Apache Kafka's clients throw constants. */
  @Test
  void predicateThatThrowsIsANoteBesideTheFailure() {
    var shared = new IOException("shared");
    var wrong = new IllegalStateException("broken predicate");
    StageFunction<String, String> fails =
        CircuitBreaker.of(10_000, Duration.ofHours(1))
            .onlyIf(
                e -> {
                  throw wrong;
                })
            .around(
                element -> {
                  throw shared;
                });
    for (int i = 0; i < 1_000; i++) {
      assertThatThrownBy(() -> fails.apply("x"))
          .isInstanceOf(NotedException.class)
          .hasCause(shared)
          .satisfies(e -> assertThat(e.getSuppressed()).containsExactly(wrong));
    }
    assertThat(shared.getSuppressed()).isEmpty();
  }
}
