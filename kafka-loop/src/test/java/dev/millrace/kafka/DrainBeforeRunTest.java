package dev.millrace.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.builder.LoopBuilder;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A process may be told to stop before the thread of its loop has begun. No broker is there: a loop
 * that tried to reach one would fail.
 */
@Timeout(60)
class DrainBeforeRunTest {

  private static Loop drained(BuilderFace face) throws InterruptedException {
    LoopBuilder<String, String, ?> builder = face.builder();
    face.handler(builder);
    Loop loop = builder.build();
    loop.drain(Duration.ofSeconds(1));
    return loop;
  }

  @ParameterizedTest
  @EnumSource
  void runOfADrainedLoopReturnsAtOnce(BuilderFace face) throws Exception {
    Loop loop = drained(face);
    loop.run(Context.background());
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @EnumSource
  void healthOfADrainedLoopIsStopped(BuilderFace face) throws Exception {
    assertThat(drained(face).health().state()).isEqualTo(State.STOPPED);
  }
}
