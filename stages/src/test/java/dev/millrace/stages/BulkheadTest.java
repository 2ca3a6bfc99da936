package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

@org.junit.jupiter.api.Timeout(60)
class BulkheadTest {

  private final Bulkhead bulkhead = Bulkhead.of(10);
  private final AtomicLong weight = new AtomicLong();
  private final AtomicLong heaviest = new AtomicLong();

  @Test
  void neverMoreThanTheCapacityIsUnderWayAndAllAreServed() throws Exception {
    StageFunction<Integer, Integer> function =
        bulkhead.around(
            Integer::longValue,
            element -> {
              heaviest.accumulateAndGet(weight.addAndGet(element), Math::max);
              Thread.yield();
              weight.addAndGet(-element);
              return element;
            });
    List<Running<Integer>> running = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      int element = i % 11;
      running.add(Running.start(() -> function.apply(element)));
    }
    for (Running<Integer> each : running) {
      each.get();
    }
    assertThat(heaviest.get()).isBetween(10L, 10L);
    assertThat(bulkhead.used()).isZero();
  }

  @Test
  void weightIsReleasedAfterAFailure() {
    var boom = new IOException("boom");
    assertThatThrownBy(
            () ->
                bulkhead
                    .around(
                        element -> {
                          assertThat(bulkhead.used()).isEqualTo(1);
                          throw boom;
                        })
                    .apply("x"))
        .isSameAs(boom);
    assertThat(bulkhead.used()).isZero();
  }

  @Test
  void elementThatIsTooHeavyFailsInsteadOfWaitingForEver() {
    StageFunction<Long, Long> function = bulkhead.around(Long::longValue, element -> element);
    assertThatThrownBy(() -> function.apply(11L))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("an element weighs 11, and the bulkhead has a capacity of 10");
    assertThatThrownBy(() -> function.apply(-1L)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void cancelledRunEndsTheWait() throws Exception {
    var release = new CountDownLatch(1);
    var holder =
        Running.start(
            () ->
                bulkhead
                    .around(
                        element -> 10,
                        element -> {
                          release.await();
                          return element;
                        })
                    .apply("x"));
    await().until(() -> bulkhead.used() == 10);
    StageFunction<String, String> function = bulkhead.around(element -> element);
    var interrupted = Running.start(() -> function.apply("y"));
    await().until(interrupted::isBlocked);
    interrupted.thread().interrupt();
    assertThatThrownBy(interrupted::get).isInstanceOf(InterruptedException.class);
    try (var context = Context.background().withCancel()) {
      var cancelled = Running.start(() -> context.call(() -> function.apply("z")));
      await().until(cancelled::isBlocked);
      context.cancel();
      assertThatThrownBy(cancelled::get).isInstanceOf(CancellationException.class);
    }
    release.countDown();
    holder.get();
    assertThat(bulkhead.used()).isZero();
  }
}
