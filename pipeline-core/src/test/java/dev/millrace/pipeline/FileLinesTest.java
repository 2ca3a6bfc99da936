package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import java.io.IOException;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLinesTest {

  @TempDir private Path folder;

  private Path file = Path.of("");

  @BeforeEach
  void nameTheFile() {
    file = folder.resolve("lines.txt");
  }

  private Sink.Receiver<CharSequence, Long> open() throws Exception {
    return Sink.lines(file).open(Context.background());
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void fileHasALineForEachElement() throws Exception {
    try (var receiver = open()) {
      assertThat(receiver.accept("grüß")).isTrue();
      receiver.accept("");
      receiver.accept(CharBuffer.wrap("Gott"));
      assertThat(receiver.finish()).isEqualTo(3);
    }
    assertThat(Files.readString(file)).isEqualTo("grüß\n\nGott\n");
    assertThat(files()).containsExactly(file);
  }

  @Test
  void fileOfNothingIsEmptyButThere() throws Exception {
    try (var receiver = open()) {
      assertThat(receiver.finish()).isZero();
    }
    assertThat(file).isEmptyFile();
  }

  @Test
  void oldFileStaysUntilTheNewOneIsComplete() throws Exception {
    Files.writeString(file, "old\n");
    try (var receiver = open()) {
      for (int i = 0; i < 10_000; i++) {
        receiver.accept("line " + i);
      }
      assertThat(file).hasContent("old");
      receiver.finish();
      assertThat(Files.readAllLines(file)).hasSize(10_000).endsWith("line 9999");
    }
  }

  @Test
  void earlyEndLeavesTheOldFileAndNothingElse() throws Exception {
    Files.writeString(file, "old\n");
    try (var receiver = open()) {
      for (int i = 0; i < 10_000; i++) {
        receiver.accept("line " + i);
      }
    }
    assertThat(file).hasContent("old");
    assertThat(files()).containsExactly(file);
  }

  @Test
  void interruptedRunLeavesNothing() throws Exception {
    try (var receiver = open()) {
      receiver.accept("x".repeat(100_000));
      Thread.currentThread().interrupt(); // the write that follows closes the channel
      assertThatThrownBy(receiver::finish).isInstanceOf(IOException.class);
    }
    assertThat(Thread.interrupted()).isTrue();
    assertThat(files()).isEmpty();
  }

  @Test
  void twoRunsAtOnceDoNotMixTheirLines() throws Exception {
    try (var one = open();
        var other = open()) {
      one.accept("one");
      other.accept("other");
      one.finish();
      other.finish();
    }
    assertThat(file).hasContent("other");
    assertThat(files()).containsExactly(file);
  }

  @Test
  void whatIsNotTextIsRefusedNotReplaced() throws Exception {
    try (var receiver = open()) {
      assertThatThrownBy(
              () -> {
                receiver.accept("\ud800 alone");
                receiver.finish();
              })
          .isInstanceOf(CharacterCodingException.class);
    }
    assertThat(files()).isEmpty();
  }

  @Test
  void fileThatCanNotBeWrittenFailsBeforeTheFirstElement() throws Exception {
    assertThatThrownBy(() -> Sink.lines(folder).open(Context.background()))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("is a directory");
    assertThatThrownBy(() -> Sink.lines(folder.resolve("none/file")).open(Context.background()))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(files()).isEmpty();
  }

  @Test
  void permissionsAreThoseOfAnyNewFile() throws Exception {
    Path plain = Files.writeString(folder.resolve("plain"), "");
    try (var receiver = open()) {
      receiver.finish();
    }
    assertThat(Files.getPosixFilePermissions(file)).isEqualTo(Files.getPosixFilePermissions(plain));
  }

  @Test
  void missingDirectoryIsToldByTheNameThatWasGiven(@TempDir Path folder) {
    Path file = folder.resolve("none/lines");
    assertThatThrownBy(() -> Sink.lines(file).open(Context.background()))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageStartingWith(file + ": there is no directory");
    assertThatThrownBy(() -> Sink.lines(folder.getRoot()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must not be a root");
  }
}
