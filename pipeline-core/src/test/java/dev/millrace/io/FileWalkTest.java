package dev.millrace.io;

import static java.nio.file.FileVisitResult.CONTINUE;
import static java.nio.file.FileVisitResult.SKIP_SUBTREE;
import static java.nio.file.FileVisitResult.TERMINATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Channels;
import dev.millrace.context.Context;
import dev.millrace.sync.Generator;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A walk sees everything, or says what it has not seen. */
@Timeout(60)
class FileWalkTest {

  @TempDir Path root;

  private final List<String> seen = new ArrayList<>();
  private final List<FileWalk.Unreadable> unreadable = new ArrayList<>();

  @BeforeEach
  void tree() throws IOException {
    Files.createDirectories(root.resolve("a/skip/deep"));
    Files.writeString(root.resolve("a/skip/deep/1.txt"), "1");
    Files.writeString(root.resolve("a/2.txt"), "2");
    Files.createDirectories(root.resolve("b"));
    Files.writeString(root.resolve("b/3.txt"), "3");
  }

  private String name(Path path) {
    return root.relativize(path).toString();
  }

  private FileWalk.Result walk(FileWalk walk) throws Exception {
    return walk.forEach(
        (path, attributes) -> {
          seen.add(name(path));
          return CONTINUE;
        });
  }

  @Test
  void seesEverythingDirectoriesBeforeTheirContents() throws Exception {
    FileWalk.Result result = walk(FileWalk.of(root));
    assertThat(seen)
        .containsExactlyInAnyOrder(
            "", "a", "a/skip", "a/skip/deep", "a/skip/deep/1.txt", "a/2.txt", "b", "b/3.txt");
    assertThat(seen).containsSubsequence("", "a", "a/skip", "a/skip/deep", "a/skip/deep/1.txt");
    assertThat(result).isEqualTo(new FileWalk.Result(8, 0, false));
    assertThat(result.isComplete()).isTrue();
  }

  @Test
  void subtreesAreSkippedByPredicateOrByTheVisitor() throws Exception {
    walk(
        FileWalk.of(root)
            .skipping(path -> path.endsWith("skip"))
            .skipping(path -> path.endsWith("b")));
    assertThat(seen).containsExactlyInAnyOrder("", "a", "a/2.txt");
    seen.clear();
    FileWalk.Result result =
        FileWalk.of(root)
            .forEach(
                (path, attributes) -> {
                  seen.add(name(path));
                  return path.endsWith("a") ? SKIP_SUBTREE : CONTINUE;
                });
    assertThat(seen).containsExactlyInAnyOrder("", "a", "b", "b/3.txt");
    assertThat(result.isComplete()).isTrue();
  }

  @Test
  void visitorStopsTheWalk() throws Exception {
    FileWalk.Result result = FileWalk.of(root).forEach((path, attributes) -> TERMINATE);
    assertThat(result).isEqualTo(new FileWalk.Result(1, 0, true));
    assertThat(result.isComplete()).isFalse();
  }

  @Test
  void exceptionOfTheVisitorIsThrownAsItIs() {
    var failure = new InterruptedException("planted");
    assertThatThrownBy(
            () ->
                FileWalk.of(root)
                    .forEach(
                        (path, attributes) -> {
                          throw failure;
                        }))
        .isSameAs(failure);
  }

  @Test
  void depthIsBounded() throws Exception {
    walk(FileWalk.of(root).maxDepth(1));
    assertThat(seen).containsExactlyInAnyOrder("", "a", "b");
    seen.clear();
    walk(FileWalk.of(root).maxDepth(1).skipping(path -> path.endsWith("a")));
    assertThat(seen).containsExactlyInAnyOrder("", "b");
    assertThatThrownBy(() -> FileWalk.of(root).maxDepth(-1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** A link to the directory above: cannot be read completely, for any user. */
  private void plantLoop() throws IOException {
    Files.createSymbolicLink(root.resolve("a/loop"), root);
  }

  @Test
  void unreadableFileEndsTheWalkByDefaultAndIsNamed() throws Exception {
    plantLoop();
    assertThatThrownBy(() -> walk(FileWalk.of(root).followingLinks()))
        .isInstanceOf(FileSystemLoopException.class)
        .hasMessageContaining("loop");
  }

  @Test
  void walkGoesOnPastTheUnreadableByChoice() throws Exception {
    plantLoop();
    FileWalk.Result result = walk(FileWalk.of(root).followingLinks().onUnreadable(unreadable::add));
    assertThat(seen).hasSize(8);
    assertThat(unreadable)
        .singleElement()
        .satisfies(
            one -> {
              assertThat(name(one.path())).isEqualTo("a/loop");
              assertThat(one.toString()).contains("cannot be read");
            });
    assertThat(result).isEqualTo(new FileWalk.Result(8, 1, false));
    assertThat(result.isComplete()).isFalse();
  }

  @Test
  void directoryWithoutPermissionIsUnreadable() throws Exception {
    Path closed = root.resolve("b");
    assumeTrue(closed.toFile().setReadable(false) && !Files.isReadable(closed), "not as root");
    try {
      walk(FileWalk.of(root).onUnreadable(unreadable::add));
      assertThat(unreadable).singleElement().extracting(one -> name(one.path())).isEqualTo("b");
      assertThat(seen).contains("a/2.txt").doesNotContain("b/3.txt");
    } finally {
      assertThat(closed.toFile().setReadable(true)).isTrue();
    }
  }

  @Test
  void directoryThatDisappearsDuringTheWalkIsUnreadable() throws Exception {
    boolean[] deleted = {false};
    FileWalk.of(root)
        .onUnreadable(unreadable::add)
        .forEach(
            (path, attributes) -> {
              if (root.equals(path.getParent()) && !deleted[0]) {
                deleted[0] = true;
                delete(root.resolve(path.endsWith("a") ? "b" : "a")); // listed, not visited yet
              }
              return CONTINUE;
            });
    assertThat(unreadable)
        .singleElement()
        .satisfies(one -> assertThat(one.cause()).isInstanceOf(NoSuchFileException.class));
  }

  private static void delete(Path directory) throws IOException {
    try (var paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** No file system does that on demand, so the walk is told as the JDK would tell it. */
  @Test
  void directoryWhoseListingBreaksOffIsUnreadable() throws Exception {
    var failure = new IOException("stale handle");
    var strict = FileWalk.of(root).new Walk((path, attributes) -> CONTINUE);
    assertThatThrownBy(() -> strict.postVisitDirectory(root.resolve("a"), failure))
        .isSameAs(failure);
    var lenient =
        FileWalk.of(root).onUnreadable(unreadable::add).new Walk((path, attributes) -> CONTINUE);
    assertThat(lenient.postVisitDirectory(root.resolve("a"), failure)).isEqualTo(CONTINUE);
    assertThat(unreadable).containsExactly(new FileWalk.Unreadable(root.resolve("a"), failure));
    assertThat(lenient.result().isComplete()).isFalse();
  }

  @Test
  void rootThatCannotBeReadAlwaysEndsTheWalk() {
    assertThatThrownBy(
            () -> walk(FileWalk.of(root.resolve("missing")).onUnreadable(unreadable::add)))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(unreadable).isEmpty();
  }

  @Test
  void exceptionOfTheHandlerEndsTheWalk() throws Exception {
    plantLoop();
    var failure = new IllegalStateException("enough");
    assertThatThrownBy(
            () ->
                walk(
                    FileWalk.of(root)
                        .followingLinks()
                        .onUnreadable(
                            one -> {
                              throw failure;
                            })))
        .isSameAs(failure);
  }

  @Test
  void interruptEndsTheWalk() {
    assertThatThrownBy(
            () ->
                FileWalk.of(root)
                    .forEach(
                        (path, attributes) -> {
                          Thread.currentThread().interrupt();
                          return CONTINUE;
                        }))
        .isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void channelTellsTheEndApartFromAPartialWalk() throws Exception {
    try (var paths = Generator.open(Context.background(), FileWalk.of(root))) {
      assertThat(Channels.toList(paths.channel(), Context.background())).hasSize(8);
    }
    plantLoop();
    try (var paths = Generator.open(Context.background(), FileWalk.of(root).followingLinks())) {
      assertThatThrownBy(
              () -> {
                for (Path path : paths) {
                  seen.add(name(path));
                }
              })
          .isInstanceOf(ChannelClosedException.class)
          .hasCauseInstanceOf(FileSystemLoopException.class);
    }
  }

  @Test
  void readerThatLeavesEarlyLeaksNothing() throws Exception {
    Generator<Path> left;
    try (var paths = Generator.open(Context.background(), FileWalk.of(root))) {
      left = paths;
      for (Path path : paths) {
        if (!path.equals(root)) {
          break;
        }
      }
    }
    assertThat(left.toString()).contains("ended");
  }
}
