package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** An exception becomes a result, unless it is the end of the run. */
class StageFunctionsTest {

  private static StageFunction<Integer, Integer> throwing(Exception thrown) {
    return x -> {
      throw thrown;
    };
  }

  @Test
  void exceptionBecomesTheValue() throws Exception {
    assertThat(StageFunctions.onErrorReturn(throwing(new IOException()), 7).apply(1)).isEqualTo(7);
    assertThat(StageFunctions.<Integer, Integer>onErrorReturn(x -> x + 1, 7).apply(1)).isEqualTo(2);
  }

  @Test
  void fallbackSeesTheElementAndTheExceptionAndMayThrow() throws Exception {
    var cause = new IOException("no route");
    assertThat(
            StageFunctions.<Integer, String>onErrorResume(
                    x -> {
                      throw cause;
                    },
                    (x, e) -> x + " " + e.getMessage())
                .apply(1))
        .isEqualTo("1 no route");
    assertThatThrownBy(
            () ->
                StageFunctions.<Integer, Integer>onErrorResume(
                        throwing(cause),
                        (x, e) -> {
                          throw e;
                        })
                    .apply(1))
        .isSameAs(cause);
  }

  @Test
  void interruptIsThrownOn() {
    var interrupt = new InterruptedException();
    assertThatThrownBy(() -> StageFunctions.onErrorReturn(throwing(interrupt), 7).apply(1))
        .isSameAs(interrupt);
    var io = new IOException("closed by interrupt");
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> StageFunctions.onErrorReturn(throwing(io), 7).apply(1)).isSameAs(io);
    } finally {
      assertThat(Thread.interrupted()).as("the flag is kept").isTrue();
    }
  }

  @Test
  void exceptionOfACancelledRunIsThrownOn() throws Exception {
    var io = new IOException("closed by the cancellation");
    try (var context = Context.background().withCancel()) {
      context.cancel(new IllegalStateException("stop"));
      context.run(
          () ->
              assertThatThrownBy(() -> StageFunctions.onErrorReturn(throwing(io), 7).apply(1))
                  .isSameAs(io));
    }
  }

  @Test
  void delayReturnsTheElementLater() throws Exception {
    long start = System.nanoTime();
    assertThat(StageFunctions.<Integer>delay(Duration.ofMillis(5)).apply(3)).isEqualTo(3);
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(5_000_000);
    assertThatThrownBy(() -> StageFunctions.delay(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
