package dev.millrace.pipeline;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/** A temporary file that replaces the target file at the end, or is deleted. Not thread-safe. */
final class PartialFile implements AutoCloseable {

  private final Path file;
  private final Path partial;
  private final FileChannel channel;
  private boolean finished;

  private PartialFile(Path file, Path partial, FileChannel channel) {
    this.file = file;
    this.partial = partial;
    this.channel = channel;
  }

  /** Checks the path of a target file. */
  static Path checked(Path file) {
    Objects.requireNonNull(file, "file");
    if (file.toAbsolutePath().getFileName() == null) {
      throw new IllegalArgumentException("the file must not be a root, but is " + file);
    }
    return file;
  }

  // createTempFile would create a file that only its owner may read.
  static PartialFile open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FileSystemException(file.toString(), null, "is a directory, not a file");
    }
    Path target = file.toAbsolutePath();
    Path folder = target.getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      throw new NoSuchFileException(
          file.toString(), null, "there is no directory %s: create it first".formatted(folder));
    }
    Path name = Objects.requireNonNull(target.getFileName());
    long random = ThreadLocalRandom.current().nextLong();
    Path partial =
        target.resolveSibling(".%s.%s.part".formatted(name, Long.toUnsignedString(random, 36)));
    return new PartialFile(
        target,
        partial,
        FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
  }

  FileChannel channel() {
    return channel;
  }

  /** Forces the bytes to the disk, and replaces the target file. */
  void finish() throws IOException {
    channel.force(true);
    channel.close();
    Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    finished = true;
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      if (!finished) {
        Files.deleteIfExists(partial);
      }
    }
  }
}
