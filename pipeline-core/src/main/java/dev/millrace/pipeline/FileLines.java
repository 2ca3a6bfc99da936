package dev.millrace.pipeline;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/** Writes lines to a temporary file, and renames it to the target file at the end. */
final class FileLines implements Sink.Receiver<CharSequence, Long> {

  private final Path file;
  private final Path partial;
  private final FileChannel channel;
  private final Writer writer;
  private long count;
  private boolean finished;

  private FileLines(Path file, Path partial, FileChannel channel) {
    this.file = file;
    this.partial = partial;
    this.channel = channel;
    // An explicit encoder reports malformed text. A writer made from a charset would write '?'.
    this.writer =
        new BufferedWriter(Channels.newWriter(channel, StandardCharsets.UTF_8.newEncoder(), -1));
  }

  // createTempFile would create a file that only its owner may read.
  static FileLines open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FileSystemException(file.toString(), null, "is a directory, not a file of lines");
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
    return new FileLines(
        target,
        partial,
        FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
  }

  @Override
  public boolean accept(CharSequence line) throws IOException {
    writer.append(line).append('\n');
    count++;
    return true;
  }

  @Override
  public int holds() {
    return Integer.MAX_VALUE; // no line is safe before finish() has renamed the file
  }

  @Override
  public Long finish() throws IOException {
    writer.flush();
    channel.force(true);
    channel.close();
    Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    finished = true;
    return count;
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
