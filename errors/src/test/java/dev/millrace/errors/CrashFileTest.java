package dev.millrace.errors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What no thread has caught is in the file when the thread has ended. */
class CrashFileTest {

  @TempDir Path directory;

  private final List<Throwable> seenBefore = new ArrayList<>();
  private Thread.UncaughtExceptionHandler original;

  @BeforeEach
  void handlerOfTheApplication() {
    original = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> seenBefore.add(e));
  }

  @AfterEach
  void restore() {
    Thread.setDefaultUncaughtExceptionHandler(original);
  }

  private static void crash(String name, Throwable thrown) throws InterruptedException {
    Thread thread =
        Thread.ofPlatform()
            .name(name)
            .start(
                () -> {
                  Thread.currentThread().interrupt(); // must not close the file
                  CrashFileTest.<RuntimeException>sneak(thrown);
                });
    thread.join();
  }

  @SuppressWarnings("unchecked")
  private static <X extends Throwable> void sneak(Throwable thrown) throws X {
    throw (X) thrown;
  }

  @Test
  void stackIsAppendedAndTheHandlerBeforeIsCalled() throws Exception {
    Path path = directory.resolve("crash.log");
    Files.writeString(path, "from the last process\n");
    var first = new IllegalStateException("first", new IOException("root"));
    var second = new StackOverflowError("second");
    try (var file = CrashFile.install(path)) {
      assertThat(file).isNotNull();
      crash("worker-1", first);
      crash("worker-2", second);
    }
    assertThat(Files.readString(path))
        .startsWith("from the last process\n")
        .containsSubsequence(
            "EXCEPTION in thread 'worker-1'",
            "IllegalStateException: first",
            "at dev.millrace.errors.CrashFileTest",
            "Caused by: java.io.IOException: root",
            "STACK_OVERFLOW in thread 'worker-2'");
    assertThat(seenBefore).containsExactly(first, second);
  }

  @Test
  void closeGivesTheHandlerBack() throws Exception {
    var file = CrashFile.install(directory.resolve("crash.log"));
    file.close();
    var e = new IllegalStateException("later");
    crash("worker", e);
    assertThat(seenBefore).containsExactly(e);
    assertThat(directory.resolve("crash.log")).isEmptyFile();
  }

  @Test
  void fileThatCannotBeWrittenIsRefusedAtOnce() {
    assertThatThrownBy(() -> CrashFile.install(directory.resolve("missing").resolve("crash.log")))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> CrashFile.install(directory)).isInstanceOf(IOException.class);
  }
}
