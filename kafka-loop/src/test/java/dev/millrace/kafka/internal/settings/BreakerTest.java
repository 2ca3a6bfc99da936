package dev.millrace.kafka.internal.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.LoopBreaker;
import dev.millrace.kafka.LoopBreaker.State;
import java.io.IOException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The breaker of a loop. */
@Timeout(30)
class BreakerTest {

  private static final LoopBreaker SETTINGS =
      LoopBreaker.when(e -> e instanceof IOException).failures(3).delay(Duration.ofMillis(20));

  private final IOException down = new IOException("down");

  private final Queue<State> states = new ConcurrentLinkedQueue<>();
  private final AtomicInteger passes = new AtomicInteger();
  private Breaker breaker = breaker(SETTINGS);

  private Breaker breaker(LoopBreaker settings) {
    var made = new Breaker(settings);
    made.onChange((state, why) -> states.add(state));
    made.onPass(passes::incrementAndGet);
    return made;
  }

  @AfterEach
  void close() {
    breaker.close();
  }

  private void open() {
    for (int i = 0; i < 3; i++) {
      assertThat(breaker.failed(i, 0, down)).isTrue();
    }
  }

  private void awaitHalfOpen() {
    await().until(() -> breaker.state() == State.HALF_OPEN);
  }

  @Test
  void opensAfterFailuresInARowAndLetsOneRecordTry() {
    assertThat(breaker.failed("a", 0, down)).isTrue();
    breaker.succeeded("b");
    open();
    assertThat(breaker.state()).isEqualTo(State.OPEN);
    assertThat(breaker.enter()).isFalse();
    assertThat(breaker.suspension()).contains("open", "down");
    awaitHalfOpen();
    assertThat(breaker.enter()).isTrue();
    assertThat(breaker.enter()).isFalse();
    breaker.took("trial");
    breaker.succeeded("a handler that began before"); // says nothing
    assertThat(breaker.failed("another of them", 9, down)).isTrue();
    assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
    breaker.succeeded("trial");
    breaker.left("trial");
    assertThat(breaker.state()).isEqualTo(State.CLOSED);
    assertThat(breaker.enter()).isTrue();
    assertThat(states).containsExactly(State.OPEN, State.HALF_OPEN, State.CLOSED);
    assertThat(passes).hasValue(2);
  }

  @Test
  void aTrialThatFailsOpensItAgain() {
    open();
    awaitHalfOpen();
    assertThat(breaker.enter()).isTrue();
    breaker.took("trial");
    assertThat(breaker.failed("trial", 9, down)).isTrue();
    breaker.left("trial");
    assertThat(states).startsWith(State.OPEN, State.HALF_OPEN, State.OPEN);
    awaitHalfOpen();
    assertThat(breaker.enter()).isTrue();
  }

  @Test
  void aTrialWithoutAResultIsRepeated() {
    open();
    awaitHalfOpen();
    assertThat(breaker.enter()).isTrue();
    breaker.missed();
    assertThat(breaker.enter()).isTrue();
    breaker.took("revoked");
    int before = passes.get();
    breaker.left("revoked");
    assertThat(passes).hasValue(before + 1);
    assertThat(breaker.enter()).isTrue();
  }

  @Test
  void aRecordThatFailsAloneIsSparedOnlyAsOftenAsTheBreakerNeeds() {
    for (int spared = 0; spared < 5; spared++) {
      assertThat(breaker.failed("alone", spared, down)).isEqualTo(spared < 3);
      breaker.succeeded("another");
    }
    assertThat(breaker.failed("other", 0, new IllegalStateException())).isFalse();
    assertThat(states).isEmpty();
  }

  @Test
  void aProbeDecidesAndNoRecordTries() {
    breaker.close();
    var isUp = new AtomicBoolean();
    var calls = new AtomicInteger();
    breaker =
        breaker(
            SETTINGS.probe(
                () -> {
                  if (calls.incrementAndGet() == 1) {
                    throw new IOException("refused");
                  }
                  return isUp.get();
                }));
    open();
    await().until(() -> calls.get() >= 3);
    assertThat(breaker.enter()).isFalse();
    isUp.set(true);
    await().until(() -> breaker.state() == State.CLOSED);
    assertThat(breaker.enter()).isTrue();
  }

  @Test
  void theEndInterruptsAProbe() throws Exception {
    breaker.close();
    var begun = new CountDownLatch(1);
    var interrupted = new CountDownLatch(1);
    breaker =
        breaker(
            SETTINGS.probe(
                () -> {
                  begun.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException e) {
                    interrupted.countDown();
                  }
                  return true;
                }));
    open();
    begun.await();
    breaker.close();
    interrupted.await();
  }

  @Test
  void aRateOpensItToo() {
    breaker.close();
    breaker = breaker(SETTINGS.rate(50, 10, Duration.ofSeconds(10)));
    for (int i = 0; i < 5; i++) {
      breaker.succeeded(i);
    }
    for (int i = 0; i < 4; i++) {
      assertThat(breaker.failed(i, 0, down)).isTrue();
    }
    assertThat(breaker.state()).isEqualTo(State.CLOSED);
    assertThat(breaker.failed("last", 0, down)).isTrue();
    assertThat(breaker.state()).isEqualTo(State.OPEN);
  }
}
