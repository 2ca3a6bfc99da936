package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@org.junit.jupiter.api.Timeout(60)
class HedgeTest {

  private static final Duration SOON = Duration.ofMillis(10);

  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicInteger interrupted = new AtomicInteger();
  private final CountDownLatch never = new CountDownLatch(1);
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  /** Checks that each call has ended when the function has returned. */
  @AfterEach
  void noThreadIsLeft() {
    await().until(() -> threads.stream().noneMatch(Thread::isAlive));
  }

  /** Answers in the call with this number, and waits in all others. */
  private StageFunction<String, Integer> answersAt(int call) {
    return element -> {
      threads.add(Thread.currentThread());
      int number = calls.incrementAndGet();
      if (number != call) {
        waitForEver();
      }
      return number;
    };
  }

  private void waitForEver() throws InterruptedException {
    try {
      never.await();
    } catch (InterruptedException e) {
      interrupted.incrementAndGet();
      throw e;
    }
  }

  @Test
  void fastCallIsTheOnlyOne() throws Exception {
    assertThat(Hedge.after(Duration.ofHours(1)).around(answersAt(1)).apply("x")).isEqualTo(1);
    assertThat(calls).hasValue(1);
  }

  @Test
  void secondCallWinsAndTheFirstIsInterrupted() throws Exception {
    assertThat(Hedge.after(SOON).around(answersAt(2)).apply("x")).isEqualTo(2);
    assertThat(calls).hasValue(2);
    assertThat(interrupted).as("before the result is there").hasValue(1);
  }

  @Test
  void moreCallsFollowUpToTheMaximum() throws Exception {
    Hedge hedge = Hedge.after(SOON).withMaxAttempts(4);
    assertThat(hedge.around(answersAt(4)).apply("x")).isEqualTo(4);
    assertThat(interrupted).hasValue(3);
  }

  @Test
  void slowFirstCallStillWinsIfItIsFirst() throws Exception {
    var release = new CountDownLatch(1);
    StageFunction<String, Integer> function =
        element -> {
          threads.add(Thread.currentThread());
          int number = calls.incrementAndGet();
          if (number == 1) {
            release.await();
          } else {
            release.countDown();
            waitForEver();
          }
          return number;
        };
    assertThat(Hedge.after(SOON).around(function).apply("x")).isEqualTo(1);
    assertThat(interrupted).hasValue(1);
  }

  @Test
  void failureBeforeTheDelayIsFinal() {
    var boom = new IOException("boom");
    StageFunction<String, Integer> function =
        element -> {
          calls.incrementAndGet();
          throw boom;
        };
    assertThatThrownBy(() -> Hedge.after(Duration.ofHours(1)).around(function).apply("x"))
        .isSameAs(boom);
    assertThat(calls).hasValue(1);
  }

  @Test
  void failureWaitsForTheOtherCalls() throws Exception {
    var second = new CountDownLatch(1);
    var failed = new CountDownLatch(1);
    StageFunction<String, Integer> function =
        element -> {
          if (calls.incrementAndGet() == 1) {
            second.await();
            failed.countDown();
            throw new IOException("boom");
          }
          second.countDown();
          failed.await();
          return 2;
        };
    assertThat(Hedge.after(SOON).around(function).apply("x")).isEqualTo(2);
  }

  @Test
  void whenAllHaveFailedTheFirstFailureIsThrown() {
    var second = new CountDownLatch(1);
    var firstHasFailed = new CountDownLatch(1);
    var first = new IOException("first");
    var other = new IOException("second");
    StageFunction<String, Integer> function =
        element -> {
          if (calls.incrementAndGet() == 1) {
            second.await();
            firstHasFailed.countDown();
            throw first;
          }
          second.countDown();
          firstHasFailed.await();
          throw other;
        };
    assertThatThrownBy(() -> Hedge.after(SOON).around(function).apply("x"))
        .satisfies(
            e -> {
              assertThat(e.getCause()).isIn(first, other);
              assertThat(e).hasSuppressedException(e.getCause() == first ? other : first);
              assertThat(first.getSuppressed()).isEmpty();
              assertThat(other.getSuppressed()).isEmpty();
            });
  }

  /** Apache Kafka's clients throw constants. */
  @Test
  void sharedExceptionOfAllCallsStaysAsItIs() {
    var shared = new IOException("shared");
    StageFunction<String, Integer> fails =
        element -> {
          Thread.sleep(2); // long enough for the second call to begin, sometimes
          throw shared;
        };
    for (int i = 0; i < 100; i++) {
      assertThatThrownBy(() -> Hedge.after(Duration.ofMillis(1)).around(fails).apply("x"))
          .satisfies(e -> assertThat(e == shared || e.getCause() == shared).isTrue())
          .satisfies(e -> assertThat(e.getSuppressed()).isEmpty());
    }
  }

  @Test
  void errorEndsAllAtOnce() {
    var error = new StackOverflowError("deep");
    StageFunction<String, Integer> function =
        element -> {
          if (calls.incrementAndGet() == 1) {
            waitForEver();
          }
          throw error;
        };
    assertThatThrownBy(() -> Hedge.after(SOON).around(function).apply("x")).isSameAs(error);
    assertThat(interrupted).hasValue(1);
  }

  @Test
  void interruptOfTheCallerInterruptsAllCalls() {
    var running = Running.start(() -> Hedge.after(SOON).around(answersAt(99)).apply("x"));
    await().until(() -> calls.get() == 2);
    running.thread().interrupt();
    assertThatThrownBy(running::get).isInstanceOf(InterruptedException.class);
    assertThat(interrupted).hasValue(2);
  }

  @Test
  void cancelledContextEndsAllCalls() {
    try (var context = Context.background().withCancel()) {
      var running =
          Running.start(
              () -> context.call(() -> Hedge.after(SOON).around(answersAt(99)).apply("x")));
      await().until(() -> calls.get() == 2);
      context.cancel();
      assertThatThrownBy(running::get)
          .isInstanceOfAny(CancellationException.class, InterruptedException.class);
      assertThat(interrupted).hasValue(2);
      Hedge slow = Hedge.after(Duration.ofHours(1));
      assertThatThrownBy(() -> context.call(() -> slow.around(answersAt(99)).apply("x")))
          .as("at once")
          .isInstanceOf(CancellationException.class);
      assertThat(calls).hasValue(2);
    }
  }

  @Test
  void valuesOfTheContextCanBeReadInEachCall() throws Exception {
    Context.Key<String> key = Context.Key.of("tenant");
    StageFunction<String, String> function =
        element -> {
          if (calls.incrementAndGet() == 1) {
            waitForEver();
          }
          return element + " of " + Context.current().value(key);
        };
    Context context = Context.background().withValue(key, "acme");
    assertThat(context.call(() -> Hedge.after(SOON).around(function).apply("x")))
        .isEqualTo("x of acme");
  }

  @Test
  void budgetIsAShareOfTheCallsAndTenAtOnce() {
    HedgeBudget budget = HedgeBudget.of(0.1);
    int taken = 0;
    for (int call = 0; call < 1000; call++) {
      budget.called();
      while (budget.take()) {
        taken++;
      }
    }
    assertThat(taken).isEqualTo(10 + 100 - 1); // the share of the first call found the bucket full
  }

  @Test
  void withoutBudgetACallWaitsForWhatItHas() throws Exception {
    Hedge hedge = Hedge.after(Duration.ZERO).withBudget(1e-6);
    for (int call = 1; call <= 10; call++) {
      hedge.around(answersAt(2 * call)).apply("x");
    }
    assertThat(calls).hasValue(20);
    var release = new CountDownLatch(1);
    var last =
        Running.start(
            () ->
                hedge
                    .around(
                        element -> {
                          calls.incrementAndGet();
                          release.await();
                          return 0;
                        })
                    .apply("x"));
    await().until(() -> calls.get() == 21 && last.isBlocked());
    release.countDown();
    assertThat(last.get()).isZero();
    assertThat(calls).hasValue(21);
  }

  @Test
  void badSettingsAreRefused() {
    assertThatThrownBy(() -> Hedge.after(Duration.ofMillis(-1)))
        .hasMessageContaining("delay is negative");
    assertThatThrownBy(() -> Hedge.after(SOON).withMaxAttempts(1))
        .hasMessageContaining("at least 2");
    assertThatThrownBy(() -> Hedge.after(SOON).withBudget(0)).hasMessageContaining("more than 0");
    assertThatThrownBy(() -> Hedge.after(SOON).withBudget(Double.NaN))
        .hasMessageContaining("more than 0");
  }
}
