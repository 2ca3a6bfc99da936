package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.errors.Failure;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DeadLetterFileTest {

  @TempDir private Path folder;

  private Path file = Path.of("");

  @BeforeEach
  void nameTheFile() {
    file = folder.resolve("dead-letters.jsonl");
  }

  private static Failure<?> failure(Object element, Throwable cause) {
    return new Failure<>("parse", element, 3, cause, Instant.parse("2026-01-02T03:04:05.006Z"));
  }

  @Test
  void failureIsOneLineWithAllThatIsKnown() throws Exception {
    var cause = new IllegalStateException("not \"right\"\n", new IOException());
    try (var letters = DeadLetterFile.json(file)) {
      letters.accept(failure("an\r\nelement \u2028 ü", cause));
      assertThat(Files.readAllLines(file))
          .as("at once")
          .containsExactly(
              "{\"stage\":\"parse\",\"element\":\"an\\r"
                  + "\\n"
                  + "element \u2028 ü\",\"attempt\":3,"
                  + "\"time\":\"2026-01-02T03:04:05.006Z\",\"causes\":[{\"type\":\"java.lang.IllegalStateException\",\"message\":\"not"
                  + " \\\"right\\\"\\n"
                  + "\"},{\"type\":\"java.io.IOException\",\"message\":null}]}");
    }
  }

  @Test
  void lettersAreAddedToThoseThatAreThere() throws Exception {
    for (int i = 0; i < 2; i++) {
      try (var letters = DeadLetterFile.open(file, failure -> "letter " + failure.element())) {
        letters.accept(failure(i, new IOException()));
      }
    }
    assertThat(file).hasContent("letter 0\nletter 1\n");
  }

  @Test
  void lineThatWasCutOffDoesNotSpoilTheNext() throws Exception {
    Files.writeString(file, "whole\ncut o");
    try (var letters = DeadLetterFile.open(file, failure -> "letter")) {
      letters.accept(failure("x", new IOException()));
    }
    assertThat(Files.readAllLines(file)).containsExactly("whole", "cut o", "letter");
  }

  @Test
  void linesOfManyThreadsDoNotMix() throws Exception {
    String element = "x".repeat(10_000);
    try (var letters = DeadLetterFile.json(file)) {
      List<Running<Boolean>> running = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        running.add(
            Running.start(
                () -> {
                  for (int j = 0; j < 10; j++) {
                    letters.accept(failure(element, new IOException("boom")));
                  }
                  return true;
                }));
      }
      for (Running<Boolean> each : running) {
        each.get();
      }
    }
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(500);
    assertThat(lines).allMatch(lines.getFirst()::equals);
  }

  @Test
  void interruptedThreadStillWritesAndTheFileStaysOpen() throws Exception {
    try (var letters = DeadLetterFile.json(file)) {
      var running =
          Running.start(
              () -> {
                Thread.currentThread().interrupt();
                letters.accept(failure("1", new IOException()));
                return true;
              });
      assertThat(running.get()).isTrue();
      assertThat(running.interruptKept()).isTrue();
      letters.accept(failure("2", new IOException()));
    }
    assertThat(Files.readAllLines(file)).hasSize(2);
  }

  @Test
  void elementThatCanNotBeShownIsALetterAllTheSame() throws Exception {
    Object element =
        new Object() {
          @Override
          public String toString() {
            throw new IllegalStateException("half made");
          }
        };
    try (var letters = DeadLetterFile.json(file)) {
      letters.accept(failure(element, new IOException("boom")));
    }
    assertThat(file)
        .content()
        .contains("(its toString threw java.lang.IllegalStateException)", "boom");
  }

  @Test
  void causesThatLeadBackToThemselvesEnd() throws Exception {
    var outer = new IOException("outer");
    outer.initCause(new IOException("inner", outer));
    try (var letters = DeadLetterFile.json(file)) {
      letters.accept(failure("x", outer));
    }
    assertThat(file).content().containsOnlyOnce("outer").containsOnlyOnce("inner");
  }

  @Test
  void whatCanNotBeWrittenIsAnException() throws Exception {
    assertThatThrownBy(() -> DeadLetterFile.json(folder)).isInstanceOf(FileNotFoundException.class);
    var letters = DeadLetterFile.open(file, failure -> "two\nlines");
    assertThatThrownBy(() -> letters.accept(failure("x", new IOException())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must make one line");
    letters.close();
    var closed = DeadLetterFile.json(file);
    closed.close();
    assertThatThrownBy(() -> closed.accept(failure("x", new IOException())))
        .isInstanceOf(IOException.class);
    assertThat(file).isEmptyFile();
  }
}
