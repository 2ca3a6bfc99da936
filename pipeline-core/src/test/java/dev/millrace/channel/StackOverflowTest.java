package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A stack that overflows in an operation leaves no lock held, loses and doubles no element, and
 * leaves nobody waiting that was served: an operation that overflows has not happened.
 *
 * <p>In new JVMs, since code that is not compiled yet needs more stack: one that only interprets,
 * one with each compiler, and one with both.
 */
class StackOverflowTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-Xint",
        "-XX:TieredStopAtLevel=1",
        "-XX:-TieredCompilation",
        "-XX:+TieredCompilation"
      })
  void operationThatOverflowsHasNotHappened(String option, @TempDir Path directory)
      throws Exception {
    Path output = directory.resolve("output");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(option, "-Xmx128m", "-XX:ThreadStackSize=256"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(DeepStacks.class.getName());
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
      assertThat(output).content().isEqualTo("whole");
    } finally {
      process.destroyForcibly();
    }
  }
}
