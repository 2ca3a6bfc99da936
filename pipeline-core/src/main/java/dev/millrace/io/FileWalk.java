package dev.millrace.io;

import dev.millrace.channel.Producer;
import dev.millrace.channel.SendChannel;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.FileVisitor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Walks a directory and everything under it: by callback, or as a {@link Producer} for a channel.
 *
 * <pre>{@code
 * FileWalk walk =
 *     FileWalk.of(root)
 *         .skipping(directory -> directory.endsWith(".git"))
 *         .onUnreadable(unreadable -> log.warn("{}", unreadable));
 *
 * walk.forEach((path, attributes) -> path.endsWith("README") ? TERMINATE : CONTINUE);
 *
 * try (var paths = Generator.open(context, walk)) {
 *   for (Path path : paths) { … } // leaving the block stops the walk
 * }
 * }</pre>
 *
 * <p>Each directory comes before its contents; the order within a directory is that of the file
 * system. The walk is lazy: it holds one open directory per level, whatever their sizes.
 *
 * <p>The end of the walk always means that everything was seen, unless the caller has chosen
 * otherwise. By default a directory or file that cannot be read ends the walk with the {@link
 * IOException} that names it; as a producer, the channel is closed with it. With {@link
 * #onUnreadable} the walk goes on, and the handler receives each of them. The walk also goes on for
 * a directory whose listing breaks off, for a file that disappears during the walk, and for a link
 * that leads back to a directory above it. A root that cannot be read ends the walk in any case.
 *
 * <p>Immutable, and thread-safe: every walk is independent. A walk blocks on the file system, and
 * obeys interrupts between two files.
 */
public final class FileWalk implements Producer<Path> {

  /**
   * Is called for each file and directory.
   *
   * @see FileVisitResult
   */
  @FunctionalInterface
  public interface Visitor {
    /**
     * Visits a file, or a directory before its contents.
     *
     * @return {@code CONTINUE}; {@code TERMINATE} to stop the walk; {@code SKIP_SUBTREE} to leave
     *     out the contents of this directory; {@code SKIP_SIBLINGS} to leave out the rest of its
     *     parent
     * @throws Exception stops the walk, and is thrown by it
     */
    FileVisitResult visit(Path path, BasicFileAttributes attributes) throws Exception;
  }

  /**
   * A file or directory that could not be read, or not completely.
   *
   * @param path of it
   * @param cause why
   */
  public record Unreadable(Path path, IOException cause) {
    @Override
    public String toString() {
      return "%s cannot be read: %s".formatted(path, cause);
    }
  }

  /**
   * The counts of a walk.
   *
   * @param visited how many files and directories were visited
   * @param unreadable how many could not be read, or not completely
   * @param stopped whether the visitor has stopped the walk before its end
   */
  public record Result(long visited, long unreadable, boolean stopped) {

    /** Whether everything was seen, except for the subtrees that were skipped on purpose. */
    public boolean isComplete() {
      return unreadable == 0 && !stopped;
    }
  }

  private final Path root;
  private final int maxDepth;
  private final Set<FileVisitOption> options;
  private final Predicate<? super Path> skipped;
  private final @Nullable Consumer<? super Unreadable> onUnreadable;

  private FileWalk(
      Path root,
      int maxDepth,
      Set<FileVisitOption> options,
      Predicate<? super Path> skipped,
      @Nullable Consumer<? super Unreadable> onUnreadable) {
    this.root = Objects.requireNonNull(root, "root");
    this.maxDepth = maxDepth;
    this.options = options;
    this.skipped = Objects.requireNonNull(skipped, "skipped");
    this.onUnreadable = onUnreadable;
  }

  /** Everything under the root, and the root; links are not followed. */
  public static FileWalk of(Path root) {
    return new FileWalk(root, Integer.MAX_VALUE, Set.of(), directory -> false, null);
  }

  /**
   * The same without the levels below a depth.
   *
   * @param depth in levels below the root; 0 for the root alone
   */
  public FileWalk maxDepth(int depth) {
    if (depth < 0) {
      throw new IllegalArgumentException("the depth must not be negative, but is " + depth);
    }
    return new FileWalk(root, depth, options, skipped, onUnreadable);
  }

  /** The same, and symbolic links are followed. */
  public FileWalk followingLinks() {
    return new FileWalk(
        root, maxDepth, EnumSet.of(FileVisitOption.FOLLOW_LINKS), skipped, onUnreadable);
  }

  /** The same without the directories that fit, and without everything under them. */
  public FileWalk skipping(Predicate<? super Path> directory) {
    Objects.requireNonNull(directory, "directory");
    Predicate<? super Path> before = skipped;
    return new FileWalk(
        root, maxDepth, options, path -> before.test(path) || directory.test(path), onUnreadable);
  }

  /** The same, but it goes on past unreadable files and directories, and calls the handler. */
  public FileWalk onUnreadable(Consumer<? super Unreadable> handler) {
    return new FileWalk(
        root, maxDepth, options, skipped, Objects.requireNonNull(handler, "handler"));
  }

  /**
   * Walks, and calls the visitor in this thread.
   *
   * @throws IOException if something cannot be read; see above
   * @throws InterruptedException if the thread is interrupted
   * @throws Exception if the visitor throws it
   */
  public Result forEach(Visitor visitor) throws Exception {
    Objects.requireNonNull(visitor, "visitor");
    var walk = new Walk(visitor);
    Files.walkFileTree(root, options, maxDepth, walk);
    return walk.result();
  }

  /** Sends each path. */
  @Override
  public void produce(SendChannel<? super Path> out) throws Exception {
    var _ =
        forEach(
            (path, attributes) -> {
              out.send(path);
              return FileVisitResult.CONTINUE;
            });
  }

  /** One walk; the JDK's visitor throws IOExceptions only, so that others are kept for the end. */
  final class Walk implements FileVisitor<Path> {
    private final Visitor visitor;
    private long visited;
    private long unreadable;
    private boolean stopped;
    private @Nullable Throwable thrown;

    Walk(Visitor visitor) {
      this.visitor = visitor;
    }

    Result result() throws Exception {
      return switch (thrown) {
        case null -> new Result(visited, unreadable, stopped);
        case Error e -> throw e;
        case Exception e -> throw e;
        case Throwable other -> throw new AssertionError(other);
      };
    }

    private FileVisitResult visit(Path path, BasicFileAttributes attributes) {
      try {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted at " + path);
        }
        visited++;
        FileVisitResult next = visitor.visit(path, attributes);
        stopped = next == FileVisitResult.TERMINATE;
        return next;
      } catch (Throwable e) {
        thrown = e;
        return FileVisitResult.TERMINATE;
      }
    }

    private FileVisitResult unreadable(Path path, IOException cause) throws IOException {
      if (onUnreadable == null || path.equals(root)) {
        throw cause;
      }
      unreadable++;
      try {
        onUnreadable.accept(new Unreadable(path, cause));
        return FileVisitResult.CONTINUE;
      } catch (Throwable e) {
        thrown = e;
        return FileVisitResult.TERMINATE;
      }
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
      try {
        if (skipped.test(directory)) {
          return FileVisitResult.SKIP_SUBTREE;
        }
      } catch (Throwable e) {
        thrown = e;
        return FileVisitResult.TERMINATE;
      }
      return visit(directory, attributes);
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      // A directory at the greatest depth is visited as a file.
      return attributes.isDirectory()
          ? preVisitDirectory(file, attributes)
          : visit(file, attributes);
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException cause) throws IOException {
      return unreadable(file, cause);
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException cause)
        throws IOException {
      return cause == null ? FileVisitResult.CONTINUE : unreadable(directory, cause);
    }
  }
}
