package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

@org.junit.jupiter.api.Timeout(60)
class TimeoutTest {

  private static final Timeout SHORT = Timeout.of(Duration.ofMillis(20));
  private static final Timeout LONG = Timeout.of(Duration.ofHours(1));

  private final CountDownLatch never = new CountDownLatch(1);

  private final StageFunction<String, String> waits =
      element -> {
        never.await();
        return element;
      };

  @Test
  void functionThatIsInTimeIsLeftAlone() throws Exception {
    assertThat(LONG.around((String element) -> element + "!").apply("x")).isEqualTo("x!");
    var boom = new IOException("boom");
    assertThatThrownBy(
            () ->
                LONG.around(
                        element -> {
                          throw boom;
                        })
                    .apply("x"))
        .isSameAs(boom);
  }

  @Test
  void functionThatWaitsTooLongIsInterrupted() {
    var running = Running.start(() -> SHORT.around(waits).apply("x"));
    assertThatThrownBy(running::get)
        .isInstanceOf(TimeoutException.class)
        .hasMessage("the function took longer than PT0.02S")
        .hasCauseInstanceOf(InterruptedException.class);
    assertThat(running.interruptKept()).isFalse();
  }

  @Test
  void functionThatObeysTheContextEndsToo() {
    Channel<String> empty = Channel.rendezvous();
    assertThatThrownBy(() -> SHORT.around(element -> empty.receive(Context.current())).apply("x"))
        .isInstanceOf(TimeoutException.class);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void functionSeesItsDeadline() throws Exception {
    assertThat(LONG.around(element -> Context.current().deadline() != null).apply("x")).isTrue();
  }

  @Test
  void functionThatIgnoresTheInterruptFailsWhenItReturnsAndLeavesNone() {
    StageFunction<String, String> stubborn =
        element -> {
          while (!Thread.currentThread().isInterrupted()) {
            Thread.onSpinWait();
          }
          return "late";
        };
    var running = Running.start(() -> SHORT.around(stubborn).apply("x"));
    assertThatThrownBy(running::get).isInstanceOf(TimeoutException.class).hasNoCause();
    assertThat(running.interruptKept()).isFalse();
  }

  @Test
  void errorIsNotHiddenByTheTimeout() {
    var error = new StackOverflowError("deep");
    assertThatThrownBy(
            () ->
                SHORT
                    .around(
                        element -> {
                          try {
                            return waits.apply("x");
                          } catch (InterruptedException e) {
                            throw error;
                          }
                        })
                    .apply("x"))
        .isSameAs(error);
  }

  @Test
  void interruptFromOutsideIsNoTimeout() {
    var running = Running.start(() -> LONG.around(waits).apply("x"));
    await().until(running::isBlocked);
    running.thread().interrupt();
    assertThatThrownBy(running::get).isInstanceOf(InterruptedException.class);
  }

  @Test
  void cancelledRunIsNoTimeoutAndItsInterruptIsKept() {
    try (var context = Context.background().withCancel()) {
      var inside = new CountDownLatch(1);
      var running =
          Running.start(
              () ->
                  context.call(
                      () ->
                          LONG.around(
                                  element -> {
                                    inside.countDown();
                                    while (!Thread.currentThread().isInterrupted()) {
                                      Thread.onSpinWait();
                                    }
                                    throw new CancellationException("stopped");
                                  })
                              .apply("x")));
      assertThatThrownBy(
              () -> {
                inside.await();
                context.cancel();
                running.thread().interrupt();
                running.get();
              })
          .isInstanceOf(CancellationException.class);
      assertThat(running.interruptKept()).isTrue();
    }
  }

  /** A timeout and a cancelled run at the same moment: one flag for two interrupts. */
  @Test
  void interruptOfACancelledRunSurvivesATimeoutAtTheSameMoment() throws Exception {
    var timedOut = new AtomicBoolean();
    try (var context = Context.background().withCancel()) {
      StageFunction<String, String> function =
          element -> {
            while (!Thread.currentThread().isInterrupted()) {
              Thread.onSpinWait();
            }
            timedOut.set(true);
            context.cancel(); // in the order of an engine: first the context, then the interrupt
            Thread.currentThread().interrupt();
            return "late";
          };
      var running = Running.start(() -> context.call(() -> SHORT.around(function).apply("x")));
      assertThat(running.get()).isEqualTo("late");
      assertThat(timedOut).isTrue();
      assertThat(running.interruptKept()).isTrue();
    }
  }

  @Test
  void outerTimeoutIsNotTakenForTheInnerOne() {
    var inner = LONG.around(waits);
    assertThatThrownBy(() -> SHORT.around(inner).apply("x"))
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("PT0.02S");
  }

  @Test
  void eachAttemptOfARetryHasItsOwnTime() {
    var retry = Retry.of(dev.millrace.errors.Backoff.none(), 3);
    assertThatThrownBy(() -> retry.around(SHORT.around(waits)).apply("x"))
        .isInstanceOfSatisfying(
            dev.millrace.errors.RetryException.class, e -> assertThat(e.attempts()).isEqualTo(3))
        .hasCauseInstanceOf(TimeoutException.class);
  }

  @Test
  void timeoutAroundARetryEndsIt() {
    var retry = Retry.of(dev.millrace.errors.Backoff.fixed(Duration.ofHours(1)), 3);
    StageFunction<String, String> fails =
        element -> {
          throw new IOException("boom");
        };
    assertThatThrownBy(() -> SHORT.around(retry.around(fails)).apply("x"))
        .isInstanceOf(TimeoutException.class)
        .cause() // on a slow machine the time is over before the first attempt has failed
        .isInstanceOfAny(InterruptedException.class, IOException.class);
  }

  @Test
  void limitMustBePositive() {
    assertThatThrownBy(() -> Timeout.of(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a timeout must be positive, but is PT0S");
  }
}
