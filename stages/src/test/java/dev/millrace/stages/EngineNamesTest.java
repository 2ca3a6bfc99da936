package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
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

  @Test
  void engineThatIsReferencedIsNotSearchedForAgain() {
    Engine channels = Engine.channels();
    Engine reactor = Engine.reactor();
    assertThat(Engine.channels()).isSameAs(channels);
    assertThat(Engine.reactor()).isSameAs(reactor);
  }

  @Test
  void engineIsFoundWithTheContextClassLoaderOfTheCaller() {
    Engine mine = Engine.channels();
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
    try {
      assertThatThrownBy(Engine::channels)
          .hasMessageContaining("there is no engine 'channels', and no other engine");
    } finally {
      thread.setContextClassLoader(before);
    }
    assertThat(Engine.channels()).isSameAs(mine);
  }
}
