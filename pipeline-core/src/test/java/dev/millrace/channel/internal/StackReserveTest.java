package dev.millrace.channel.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In whatever form the check runs, the reserve is left when it returns. */
class StackReserveTest {

  private static final String CHECK = "dev.millrace.channel.internal.StackReserve*::";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-Xint",
        "-XX:TieredStopAtLevel=1",
        "-XX:-TieredCompilation",
        "-XX:-TieredCompilation -XX:CompileCommand=dontinline," + CHECK + "*",
        "-XX:-TieredCompilation -XX:CompileCommand=exclude," + CHECK + "*",
      })
  void reserveIsLeftAfterTheCheck(String options, @TempDir Path directory) throws Exception {
    Path output = directory.resolve("output");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options.split(" ")));
    command.addAll(
        List.of("-Xmx64m", "-cp", System.getProperty("java.class.path"), Deep.class.getName()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(output).content().endsWith("left\n");
    } finally {
      process.destroyForcibly();
    }
  }

  /** The JVM that measures. */
  static final class Deep {

    /** The frames of {@link #use} that 8 KB hold: interpreted they take some 100 bytes each. */
    private static final int FRAMES = 60;

    private static int level;
    private static int checked;
    private static int failed;

    private static int use(int frames) {
      return frames == 0 ? 0 : 1 + use(frames - 1);
    }

    private static void check() {
      try {
        switch (level) {
          case 1 -> StackReserve.ensure();
          case 2 -> StackReserve.ensureOverChannels();
          default -> StackReserve.ensureOverContexts();
        }
      } catch (StackOverflowError e) {
        return;
      }
      checked++;
      try {
        use(level * FRAMES);
      } catch (StackOverflowError e) {
        failed++;
      }
    }

    @SuppressWarnings("InfiniteRecursion") // until the stack is full
    private static void down() {
      try {
        check();
      } catch (StackOverflowError e) {
        // not even the call was possible
      }
      down();
    }

    public static void main(String[] args) throws InterruptedException {
      for (int round = 0; round < 9; round++) {
        level = 1 + round % 3;
        for (int i = 0; i < 20_000; i++) { // is compiled on the way
          check();
        }
        Thread deep =
            new Thread(
                null,
                () -> {
                  try {
                    down();
                  } catch (StackOverflowError e) {
                    // the end
                  }
                },
                "deep",
                256 << 10);
        deep.start();
        deep.join();
      }
      System.out.println(
          failed == 0 && checked > 100_000 ? "left" : failed + " of " + checked + " overflowed");
    }
  }
}
