package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.pipeline.Engine;
import org.junit.jupiter.api.Test;

class EngineNamesTest {

  @Test
  void engineThatIsMissingIsToldWithThoseThatThereAre() {
    assertThatThrownBy(() -> Engine.named("spring"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("there is no engine 'spring': the engines on the path are")
        .hasMessageContaining("channels")
        .hasMessageContaining("reactor");
  }
}
