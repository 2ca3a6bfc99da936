package dev.millrace.channel.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many timers that are due at the same time. */
@Timeout(60)
class TimersTest {

  /** An action may take long: a deadline may cancel a tree of 100,000 contexts. */
  @Test
  void timersRunWhileTheActionsOfThreeOthersTakeLong() throws Exception {
    var running = new CountDownLatch(3);
    var done = new CountDownLatch(1);
    List<Future<?>> slow = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      slow.add(
          Timers.schedule(
              () -> {
                running.countDown();
                Uninterruptibly.await(done::await);
              },
              1));
    }
    try {
      assertThat(running.await(30, TimeUnit.SECONDS)).isTrue();
      var other = new CountDownLatch(1);
      Future<?> _ = Timers.schedule(other::countDown, 1);
      assertThat(other.await(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      done.countDown();
    }
    for (Future<?> one : slow) {
      one.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void eachOfHundredThousandDeadlinesOfOneInstantComes() {
    Instant deadline = Instant.now().plus(Duration.ofMillis(500));
    List<CancellableContext> all = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      all.add(Context.background().withDeadline(deadline));
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> all.stream().allMatch(CancellableContext::isCancelled));
  }
}
