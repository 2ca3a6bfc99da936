package dev.millrace.samples.streams;

import dev.millrace.channel.ChannelClosedException;
import dev.millrace.context.Context;
import dev.millrace.io.FileWalk;
import dev.millrace.io.Tee;
import dev.millrace.sync.Generator;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Copies a directory, and writes the checksums of its files to {@code SHA256SUMS}, as {@code
 * sha256sum -c} reads it. Each file is read once, for its copy and its checksum together.
 *
 * <p>A file that cannot be read is skipped and reported. The checksums are written last: if they
 * are there, the copy was completed. Thread-safe for different targets.
 */
final class Backup {

  static final String SUMS = "SHA256SUMS";

  /**
   * The counts of a backup.
   *
   * @param files the number of copied files
   * @param bytes the sum of their lengths
   * @param skipped a line for each file or directory that could not be read
   */
  record Summary(long files, long bytes, List<String> skipped) {}

  private final Path source;
  private final Path target;

  Backup(Path source, Path target) {
    this.source = source;
    this.target = target;
  }

  /**
   * Copies everything. Blocks.
   *
   * @throws IOException if the source cannot be walked, or the target cannot be written
   * @throws ExecutionException if a copy breaks off; the cause says why
   * @throws CancellationException if the context is cancelled while a file is copied
   * @throws ChannelClosedException if the context is cancelled between two files; its cause is that
   *     of the context
   */
  Summary run(Context context) throws IOException, InterruptedException, ExecutionException {
    Files.createDirectories(target);
    Files.deleteIfExists(target.resolve(SUMS));
    List<String> skipped = new CopyOnWriteArrayList<>(); // the walk has a thread of its own
    FileWalk walk =
        FileWalk.of(source)
            .followingLinks()
            .skipping(target::equals)
            .onUnreadable(unreadable -> skipped.add(unreadable.toString()));
    long files = 0;
    long bytes = 0;
    Path unfinished = target.resolve(SUMS + ".unfinished");
    try (var sums = Files.newBufferedWriter(unfinished);
        var paths = Generator.open(context, walk)) { // leaving the block stops the walk
      for (Path path : paths) { // a walk that breaks off is thrown here: it is not the end
        if (Files.isDirectory(path)) {
          continue;
        }
        try (InputStream in = open(path)) {
          Path name = source.relativize(path);
          var sum = new AtomicReference<>("");
          bytes += copy(in, target.resolve(name), sum, context);
          files++;
          sums.write(sum + "  " + name + "\n");
        } catch (UnreadableException e) {
          skipped.add(e.getMessage());
        }
      }
    }
    Files.move(unfinished, target.resolve(SUMS), StandardCopyOption.ATOMIC_MOVE);
    return new Summary(files, bytes, skipped);
  }

  private static long copy(InputStream in, Path copy, AtomicReference<String> sum, Context context)
      throws IOException, InterruptedException, ExecutionException {
    Files.createDirectories(copy.getParent());
    try (OutputStream out = Files.newOutputStream(copy)) {
      return Tee.from(in) // read once, as fast as the slower of the two
          .to(out)
          .into(bytes -> sum.set(sha256(bytes)))
          .copy(context); // a failure of one ends both
    }
  }

  private static String sha256(InputStream bytes) throws Exception {
    var digest = new DigestInputStream(bytes, MessageDigest.getInstance("SHA-256"));
    digest.transferTo(OutputStream.nullOutputStream());
    return HexFormat.of().formatHex(digest.getMessageDigest().digest());
  }

  private static InputStream open(Path file) throws UnreadableException {
    try {
      return Files.newInputStream(file);
    } catch (IOException e) {
      throw new UnreadableException(file, e);
    }
  }

  /** A source file cannot be opened: the backup goes on without it. */
  private static final class UnreadableException extends IOException {
    private static final long serialVersionUID = 1L;

    UnreadableException(Path file, IOException cause) {
      super("%s cannot be read: %s".formatted(file, cause), cause);
    }
  }
}
