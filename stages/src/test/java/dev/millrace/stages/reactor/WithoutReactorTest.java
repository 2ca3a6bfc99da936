package dev.millrace.stages.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/** Reactor is an optional dependency: the channel engine runs without it. */
class WithoutReactorTest {

  private static URL url(String path) {
    try {
      return new File(path).toURI().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** The class path without Reactor's jars. */
  private static URLClassLoader withoutReactor() {
    URL[] urls =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(path -> !path.contains("reactor-") && !path.contains("reactive-streams"))
            .map(WithoutReactorTest::url)
            .toArray(URL[]::new);
    return new URLClassLoader(urls, ClassLoader.getPlatformClassLoader());
  }

  @Test
  void enginesAreFoundWithoutReactorOnThePath() throws Exception {
    try (URLClassLoader loader = withoutReactor()) {
      assertThatThrownBy(() -> loader.loadClass("reactor.core.publisher.Flux"))
          .isInstanceOf(ClassNotFoundException.class);
      Class<?> engine = loader.loadClass("dev.millrace.pipeline.Engine");
      List<String> names =
          ServiceLoader.load(engine, loader).stream()
              .map(provider -> provider.get().getClass().getName())
              .toList();
      assertThat(names).contains("dev.millrace.stages.reactor.ReactorEngine");
    }
  }
}
