package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.errors.RetryException;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The decorators work with the outcome of a future that the function returns. */
class FuturesTest {

  private static final Backoff NO_WAIT = Backoff.none();

  private final AtomicInteger calls = new AtomicInteger();

  private StageFunction<Integer, CompletableFuture<Integer>> failing(int times) {
    return x ->
        calls.incrementAndGet() <= times
            ? CompletableFuture.failedFuture(new IOException("call " + calls.get()))
            : CompletableFuture.completedFuture(x + 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void failedFutureIsRetried(String engine) throws Exception {
    var retry = Retry.of(NO_WAIT, 3);
    var job =
        Pipe.from(Source.of(List.of(1)))
            .mapAsync("send", 2, retry.around(failing(2)))
            .to(Sink.toList());
    assertThat(job.start(Engine.named(engine), Context.background()).join()).containsExactly(2);
    assertThat(calls).hasValue(3);
    calls.set(0);
    assertThatThrownBy(() -> retry.around(failing(9)).apply(1))
        .isInstanceOf(RetryException.class)
        .hasRootCauseInstanceOf(IOException.class);
  }

  @Test
  void futureThatTakesTooLongIsCancelled() {
    var never = new CompletableFuture<Integer>();
    assertThatThrownBy(() -> Timeout.of(Duration.ofMillis(5)).around(x -> never).apply(1))
        .isInstanceOf(TimeoutException.class);
    assertThat(never).isCancelled();
  }

  @Test
  void failedFuturesOpenABreaker() {
    var breaker = CircuitBreaker.of(2, Duration.ofHours(1));
    var function = breaker.around(failing(9));
    assertThatThrownBy(() -> function.apply(1)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> function.apply(1)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> function.apply(1)).isInstanceOf(CircuitOpenException.class);
    assertThat(calls).hasValue(2);
  }

  @Test
  void slowFutureIsHedged() throws Exception {
    var first = new CompletableFuture<Integer>();
    StageFunction<Integer, CompletableFuture<Integer>> function =
        x -> calls.incrementAndGet() == 1 ? first : CompletableFuture.completedFuture(x);
    assertThat(Hedge.after(Duration.ofMillis(1)).around(function).apply(7).get()).isEqualTo(7);
    assertThat(first).as("the slow call").isCancelled();
  }

  @Test
  void weightIsFreeWhenTheFutureIsComplete() throws Exception {
    var bulkhead = Bulkhead.of(1);
    var future = new CompletableFuture<Integer>();
    var thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    var _ = bulkhead.around(x -> future).apply(1);
                  } catch (Exception e) {
                    throw new AssertionError(e);
                  }
                });
    Awaitility.await().until(() -> bulkhead.used() == 1);
    var waiting =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    var _ = bulkhead.around(x -> x).apply(1);
                  } catch (Exception e) {
                    throw new AssertionError(e);
                  }
                });
    Awaitility.await().until(() -> bulkhead.waiting() == 1);
    assertThat(bulkhead.used()).isEqualTo(1);
    future.complete(1);
    thread.join();
    waiting.join();
    assertThat(bulkhead.used()).isZero();
    assertThat(bulkhead.waiting()).isZero();
  }
}
